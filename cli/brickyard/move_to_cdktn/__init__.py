"""`brickyard move-to-cdktn`: from cdktf, which is archived, to CDK Terrain, its community's successor."""
