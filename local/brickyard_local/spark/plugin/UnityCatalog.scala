package io.unitycatalog.brickyard

import java.util

import org.apache.spark.sql.catalyst.analysis.{NoSuchTableException, NoSuchViewException, ViewAlreadyExistsException}
import org.apache.spark.sql.connector.catalog._
import org.apache.spark.sql.connector.catalog.constraints.Constraint
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.delta.catalog.DeltaCatalog
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap

/**
 * A catalog of Unity Catalog in Spark: `spark.sql.catalog.<name>` = this class, `.uri` the workspace, `.token` a principal's.
 *
 * Delta's catalog makes and reads the tables; this one gives new managed tables their location, keeps views, and asks the
 * workspace before reads and writes. It stands in a package under `io.unitycatalog.` because Delta takes the way of
 * third-party catalogs only for classes named so; `.deltaRestApi.enabled` must be false, or Delta calls an API of its own.
 *
 * Source: docs.databricks.com/aws/en/sql/language-manual/sql-ref-privileges
 */
class UnityCatalog extends DeltaCatalog with RelationCatalog {
  private val unity = new UnityDelegate

  override def initialize(name: String, options: CaseInsensitiveStringMap): Unit = {
    unity.initialize(name, options)
    setDelegateCatalog(unity)
    super.initialize(name, options)
  }

  override def defaultNamespace(): Array[String] = Array("default")

  override def capabilities(): util.Set[TableCatalogCapability] = {
    val all = new util.HashSet[TableCatalogCapability](super.capabilities())
    all.add(TableCatalogCapability.SUPPORT_TABLE_CONSTRAINT)
    all
  }

  // ---- reading and writing ----

  override def loadTable(ident: Identifier): Table = super[DeltaCatalog].loadTable(ident)

  override def loadTable(ident: Identifier, privileges: util.Set[TableWritePrivilege]): Table = {
    unity.authorizeWrite(ident)
    loadTable(ident)
  }

  override def tableExists(ident: Identifier): Boolean = super[DeltaCatalog].tableExists(ident)

  override def alterTable(ident: Identifier, changes: TableChange*): Table = {
    unity.authorizeWrite(ident)
    super.alterTable(ident, changes: _*)
  }

  /** Refuses a principal who may not write: for commands that do not ask their catalog. */
  def authorizeWrite(ident: Identifier): Unit = unity.authorizeWrite(ident)

  // ---- creating ----

  override def createTable(ident: Identifier, table: TableInfo): Table =
    declaring(ident, table)(createTable(ident, table.columns, table.partitions, table.properties))

  override def createTable(ident: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): Table =
    super.createTable(ident, columns, partitions, located(ident, properties))

  override def createTable(ident: Identifier, schema: StructType, partitions: Array[Transform], properties: util.Map[String, String]): Table =
    super.createTable(ident, schema, partitions, located(ident, properties))

  override def stageCreate(ident: Identifier, table: TableInfo): StagedTable =
    declaring(ident, table)(stageCreate(ident, table.columns, table.partitions, table.properties))

  override def stageCreate(ident: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageCreate(ident, columns, partitions, located(ident, properties))

  override def stageCreate(ident: Identifier, schema: StructType, partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageCreate(ident, schema, partitions, located(ident, properties))

  override def stageReplace(ident: Identifier, table: TableInfo): StagedTable =
    declaring(ident, table)(stageReplace(ident, table.columns, table.partitions, table.properties))

  override def stageReplace(ident: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageReplace(ident, columns, partitions, relocated(ident, properties))

  override def stageReplace(ident: Identifier, schema: StructType, partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageReplace(ident, schema, partitions, relocated(ident, properties))

  override def stageCreateOrReplace(ident: Identifier, table: TableInfo): StagedTable =
    declaring(ident, table)(stageCreateOrReplace(ident, table.columns, table.partitions, table.properties))

  override def stageCreateOrReplace(ident: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageCreateOrReplace(ident, columns, partitions, relocated(ident, properties))

  override def stageCreateOrReplace(ident: Identifier, schema: StructType, partitions: Array[Transform], properties: util.Map[String, String]): StagedTable =
    super.stageCreateOrReplace(ident, schema, partitions, relocated(ident, properties))

  /** Keys are registered with a new table; a replaced one keeps those it has, so new ones are refused. */
  private def declaring[T](ident: Identifier, table: TableInfo)(create: => T): T = {
    val constraints: Array[Constraint] = Option(table.constraints).getOrElse(Array.empty)
    if (constraints.nonEmpty && unity.find(ident).isDefined)
      throw new UnsupportedOperationException(s"Keys cannot be declared when ${ident.name} is replaced: drop the table first.")
    unity.declare(ident, constraints)
    create
  }

  /** Properties of a new table: Delta, and at the workspace's location unless the user named one. */
  private def located(ident: Identifier, properties: util.Map[String, String]): util.Map[String, String] =
    if (properties.containsKey(TableCatalog.PROP_LOCATION)) external(properties)
    else managed(properties, unity.stage(ident))

  /** Properties of a replacement: it stays where the table is. */
  private def relocated(ident: Identifier, properties: util.Map[String, String]): util.Map[String, String] =
    unity.find(ident) match {
      case None => located(ident, properties)
      case Some(table) =>
        unity.authorizeWrite(ident)
        if (properties.containsKey(TableCatalog.PROP_LOCATION)) withProvider(properties)
        else managed(properties, table.path("storage_location").asText())
    }

  private def managed(properties: util.Map[String, String], location: String): util.Map[String, String] = {
    val all = withProvider(properties)
    all.put(TableCatalog.PROP_LOCATION, TableJson.toPath(location).toString)
    all.put(TableCatalog.PROP_IS_MANAGED_LOCATION, "true")
    all
  }

  /** A table in the cloud is written to the folder that stands for it; the workspace knows which URL that is. */
  private def external(properties: util.Map[String, String]): util.Map[String, String] = {
    val all = withProvider(properties)
    all.computeIfPresent(TableCatalog.PROP_LOCATION, (_, place) => TableJson.toPath(unity.claim(place)).toString)
    all
  }

  private def withProvider(properties: util.Map[String, String]): util.Map[String, String] = {
    val all = new util.HashMap[String, String](properties)
    all.putIfAbsent(TableCatalog.PROP_PROVIDER, "delta")
    all
  }

  // ---- views ----

  override def loadRelation(ident: Identifier): Relation =
    unity.find(ident) match {
      case Some(table) if unity.isView(table) => unity.asView(ident, table)
      case _ => loadTable(ident)
    }

  override def loadView(ident: Identifier): View =
    unity.find(ident).filter(unity.isView).map(unity.asView(ident, _)).getOrElse(throw new NoSuchViewException(ident))

  override def viewExists(ident: Identifier): Boolean = unity.find(ident).exists(unity.isView)

  override def listViews(namespace: Array[String]): Array[Identifier] = unity.listViews(namespace)

  override def createView(ident: Identifier, view: View): View = {
    unity.register(ident, ViewJson.body(unity.naming(ident), view), new ViewAlreadyExistsException(ident))
    view
  }

  /** In one call, or a kill between two would lose the view. Privileges on the one that was there go with it, as on Databricks. */
  override def createOrReplaceView(ident: Identifier, view: View): View = {
    val body = ViewJson.body(unity.naming(ident), view).put("replace", true)
    unity.register(ident, body, new ViewAlreadyExistsException(ident))
    view
  }

  /** Of ALTER VIEW: privileges and tags stay. */
  override def replaceView(ident: Identifier, view: View): View = {
    if (!viewExists(ident)) throw new NoSuchViewException(ident)
    unity.changeView(ident, ViewJson.changes(view))
    view
  }

  override def dropView(ident: Identifier): Boolean = viewExists(ident) && unity.dropTable(ident)

  override def renameView(from: Identifier, to: Identifier): Unit =
    unity.renameTable(from, to)
}
