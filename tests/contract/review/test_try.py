import secrets, shutil
def test_try(make_stack, local_workspace):
    c=local_workspace.client(); p=f"rv{secrets.token_hex(3)}"
    w=c.warehouses.create(name=p+"-other",cluster_size="Small",max_num_clusters=1,auto_stop_mins=10).result() if False else c.api_client.do("POST","/api/2.0/sql/warehouses",body={"name":p+"-other","cluster_size":"Small","max_num_clusters":1})
    c.workspace.mkdirs(f"/Shared/{p}-adopted")
    s=make_stack()
    v=dict(host=local_workspace.host,token=local_workspace.token,prefix=p,other_warehouse=w["id"])
    s.use("databricks.tf","databricks_before.tf"); s.apply(**v)
    s.use("databricks.tf","databricks_after.tf")
    plan=s.plan(**v,password="Tr0ub4dor&3")
    shutil.copy(plan,"/tmp/team/s2/R1/danger.json")
