package io.unitycatalog.brickyard

import java.util

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.brickyard.SparkInternals
import org.apache.spark.sql.catalyst.analysis._
import org.apache.spark.sql.connector.catalog._
import org.apache.spark.sql.connector.catalog.constraints.Constraint
import org.apache.spark.sql.connector.catalog.functions.UnboundFunction
import org.apache.spark.sql.connector.expressions.Transform
import org.apache.spark.sql.types.StructType
import org.apache.spark.sql.util.CaseInsensitiveStringMap

import scala.collection.concurrent.TrieMap
import scala.jdk.CollectionConverters._

/**
 * The catalog under Delta's: names, locations and columns are the workspace's, data are plain Delta folders.
 *
 * Gaps: no rename into another schema, no ALTER of tables that are not Delta, no functions.
 */
final class UnityDelegate extends TableCatalog with SupportsNamespaces with FunctionCatalog {
  private var catalog: String = _
  private var rest: UnityRest = _
  private val declared = TrieMap.empty[Identifier, Seq[Constraint]]

  override def initialize(name: String, options: CaseInsensitiveStringMap): Unit = {
    catalog = name
    rest = new UnityRest(option(options, "uri").stripSuffix("/"), option(options, "token"))
  }

  override def name(): String = catalog

  def api: UnityRest = rest

  /** Remember the constraints of a table until it is registered: Delta's own CREATE TABLE does not carry them. */
  def declare(ident: Identifier, constraints: Array[Constraint]): Unit =
    if (constraints.isEmpty) declared.remove(ident) else declared.put(ident, constraints.toSeq)

  // ---- tables ----

  /** The table or view as the workspace describes it. Errors: a namespace that is not one schema. */
  def find(ident: Identifier): Option[JsonNode] =
    if (ident.namespace.length == 1) rest.find(s"/tables/${UnityRest.encode(fullName(ident))}")
    else below(ident).map(_.path("table"))

  /** What stands below a view, as the view's owner may read it. */
  private def below(ident: Identifier): Option[JsonNode] = ViewAccess.of(ident).flatMap { opened =>
    val body = UnityRest.Json.createObjectNode().put("table", nameBelow(ident).mkString("."))
    val views = body.putArray("views")
    opened.views.foreach(views.add)
    rest.viewAccess(body)
  }

  private def nameBelow(ident: Identifier): Seq[String] = ident.namespace.toSeq.tail :+ ident.name

  override def loadTable(ident: Identifier): Table = below(ident) match {
    case Some(answer) if !isView(answer.path("table")) =>
      val Seq(owning, schema, name) = nameBelow(ident)
      asTable(owning, Identifier.of(Array(schema), name), answer.path("table"), answer.path("url").asText())
    case _ =>
      val table = find(ident).filterNot(isView).getOrElse(throw new NoSuchTableException(ident))
      asTable(catalog, ident, table, authorize(table, "READ").getOrElse(table.path("storage_location").asText()))
  }

  private def asTable(owning: String, ident: Identifier, table: JsonNode, location: String): Table =
    SparkInternals.asTable(TableJson.catalogTable(owning, ident, table, location))

  /** A view for Spark to analyse. */
  def asView(ident: Identifier, view: JsonNode): View = {
    val name = if (ViewAccess.of(ident).isDefined) nameBelow(ident).mkString(".") else fullName(ident)
    ViewJson.view(view, Map(ViewAccess.Setting -> ViewAccess.open(ident, name, view)))
  }

  /** Refuses a principal who may not write. Errors: the workspace's refusal, NoSuchTableException. */
  def authorizeWrite(ident: Identifier): Unit =
    authorize(find(ident).getOrElse(throw new NoSuchTableException(ident)), "READ_WRITE")

  /** The folder on this machine that stands for a location in the cloud, where the principal may create a table. */
  def claim(location: String): String =
    if (UnityRest.isCloud(location))
      rest.post("/temporary-path-credentials", UnityRest.path(location, "PATH_CREATE_TABLE")).path("url").asText()
    else location

  private def authorize(table: JsonNode, operation: String): Option[String] = {
    val body = UnityRest.Json.createObjectNode().put("table_id", table.path("table_id").asText()).put("operation", operation)
    Option(rest.post("/temporary-table-credentials", body).path("url").asText(null)).filter(_.nonEmpty)
  }

  override def tableExists(ident: Identifier): Boolean = find(ident).exists(!isView(_))

  override def listTables(namespace: Array[String]): Array[Identifier] = names(namespace, !isView(_))

  def listViews(namespace: Array[String]): Array[Identifier] = names(namespace, isView)

  private def names(namespace: Array[String], wanted: JsonNode => Boolean): Array[Identifier] = {
    val schema = UnityRest.encode(schemaOf(namespace))
    val tables =
      try rest.list(s"/tables?catalog_name=${UnityRest.encode(catalog)}&schema_name=$schema", "tables")
      catch { case refusal: WorkspaceRefusal if refusal.status == 404 => throw new NoSuchNamespaceException(namespace) }
    tables.filter(wanted).map(table => Identifier.of(namespace, table.path("name").asText())).toArray
  }

  /** Where a new managed table is to be written. */
  def stage(ident: Identifier): String =
    rest.post("/staging-tables", naming(ident)).path("staging_location").asText()

  override def createTable(ident: Identifier, columns: Array[Column], partitions: Array[Transform], properties: util.Map[String, String]): Table =
    createTable(ident, SparkInternals.schema(columns), partitions, properties)

  override def createTable(ident: Identifier, schema: StructType, partitions: Array[Transform], properties: util.Map[String, String]): Table = {
    val managed = properties.get(TableCatalog.PROP_IS_MANAGED_LOCATION) == "true"
    val body = naming(ident)
      .put("table_type", if (managed) "MANAGED" else "EXTERNAL")
      .put("data_source_format", properties.getOrDefault(TableCatalog.PROP_PROVIDER, "delta").toUpperCase(util.Locale.ROOT))
      .put("storage_location", TableJson.toLocation(properties.get(TableCatalog.PROP_LOCATION)))
    Option(properties.get(TableCatalog.PROP_COMMENT)).foreach(body.put("comment", _))
    body.set[ObjectNode]("columns", TableJson.columns(schema, partitions))
    val own = body.putObject("properties")
    properties.asScala.filter { case (key, _) => isUsers(key) }.foreach { case (key, value) => own.put(key, value) }
    declared.remove(ident).foreach(keys => body.set[ObjectNode]("table_constraints", TableJson.constraints(catalog, keys)))
    register(ident, body, new TableAlreadyExistsException(ident))
    loadTable(ident)
  }

  /** Create a table or view in the workspace, its refusals as Spark's own exceptions. */
  def register(ident: Identifier, body: ObjectNode, exists: => Throwable): Unit =
    try rest.post("/tables", body)
    catch {
      case refusal: WorkspaceRefusal if refusal.status == 409 => throw exists
      case refusal: WorkspaceRefusal if refusal.status == 404 => throw new NoSuchNamespaceException(catalog +: ident.namespace)
    }

  /** Give a view another text, columns or properties. Errors: the workspace's refusal. */
  def changeView(ident: Identifier, changes: ObjectNode): Unit =
    rest.patch(s"/tables/${UnityRest.encode(fullName(ident))}", changes)

  override def alterTable(ident: Identifier, changes: TableChange*): Table =
    throw new UnsupportedOperationException(s"ALTER TABLE works on Delta tables only, and ${fullName(ident)} is none.")

  override def dropTable(ident: Identifier): Boolean = drop(s"/tables/${UnityRest.encode(fullName(ident))}")

  override def purgeTable(ident: Identifier): Boolean = dropTable(ident)

  /** Of tables and views; the data stay where they are. */
  override def renameTable(from: Identifier, to: Identifier): Unit = {
    val schema = if (to.namespace.length == 2 && to.namespace.head == catalog) to.namespace.tail else to.namespace
    if (!from.namespace.sameElements(schema))
      throw new UnsupportedOperationException(s"${fullName(from)} can be renamed within its schema only, not to $to.")
    val body = UnityRest.Json.createObjectNode().put("new_name", to.name)
    try rest.patch(s"/tables/${UnityRest.encode(fullName(from))}", body)
    catch {
      case refusal: WorkspaceRefusal if refusal.status == 409 => throw new TableAlreadyExistsException(to)
      case refusal: WorkspaceRefusal if refusal.status == 404 => throw new NoSuchTableException(from)
    }
  }

  def isView(table: JsonNode): Boolean = table.path("table_type").asText() == "VIEW"

  def naming(ident: Identifier): ObjectNode = {
    val schema = schemaOf(ident.namespace)
    UnityRest.Json.createObjectNode().put("catalog_name", catalog).put("schema_name", schema).put("name", ident.name)
  }

  private def fullName(ident: Identifier): String = s"$catalog.${schemaOf(ident.namespace)}.${ident.name}"

  private def isUsers(key: String): Boolean =
    !SparkInternals.isReserved(key) && !key.startsWith(TableCatalog.OPTION_PREFIX)

  // ---- schemas ----

  override def listNamespaces(): Array[Array[String]] =
    rest
      .list(s"/schemas?catalog_name=${UnityRest.encode(catalog)}", "schemas")
      .map(schema => Array(schema.path("name").asText()))
      .toArray

  override def listNamespaces(namespace: Array[String]): Array[Array[String]] =
    if (namespace.isEmpty) listNamespaces() else Array.empty

  override def loadNamespaceMetadata(namespace: Array[String]): util.Map[String, String] = {
    val schema = rest.find(schemaPath(namespace)).getOrElse(throw new NoSuchNamespaceException(namespace))
    val metadata = new util.HashMap[String, String](TableJson.properties(schema).asJava)
    for (field <- Seq(SupportsNamespaces.PROP_COMMENT, SupportsNamespaces.PROP_OWNER) if schema.hasNonNull(field))
      metadata.put(field, schema.get(field).asText())
    metadata
  }

  override def createNamespace(namespace: Array[String], metadata: util.Map[String, String]): Unit = {
    val body = UnityRest.Json.createObjectNode().put("catalog_name", catalog).put("name", schemaOf(namespace))
    Option(metadata.get(SupportsNamespaces.PROP_COMMENT)).foreach(body.put("comment", _))
    try rest.post("/schemas", body)
    catch { case refusal: WorkspaceRefusal if refusal.status == 409 => throw new NamespaceAlreadyExistsException(namespace) }
  }

  override def alterNamespace(namespace: Array[String], changes: NamespaceChange*): Unit = changes.foreach {
    case change: NamespaceChange.SetProperty if change.property == SupportsNamespaces.PROP_COMMENT =>
      rest.patch(schemaPath(namespace), UnityRest.Json.createObjectNode().put("comment", change.value))
    case _ => throw new UnsupportedOperationException("Of a schema, only the comment can be altered locally.")
  }

  override def dropNamespace(namespace: Array[String], cascade: Boolean): Boolean =
    try {
      if (!drop(s"${schemaPath(namespace)}?force=$cascade")) throw new NoSuchNamespaceException(namespace)
      true
    } catch {
      case refusal: WorkspaceRefusal if !cascade && (refusal.status == 400 || refusal.status == 409) =>
        throw new NonEmptyNamespaceException(namespace, refusal.getMessage, Some(refusal))
    }

  private def schemaPath(namespace: Array[String]): String = s"/schemas/${UnityRest.encode(s"$catalog.${schemaOf(namespace)}")}"

  private def schemaOf(namespace: Array[String]): String = namespace match {
    case Array(schema) => schema
    case other => throw new NoSuchNamespaceException(catalog +: other)
  }

  private def drop(path: String): Boolean =
    try { rest.delete(path); true }
    catch { case refusal: WorkspaceRefusal if refusal.status == 404 => false }

  // ---- functions: Spark asks for them, the workspace has none ----

  override def listFunctions(namespace: Array[String]): Array[Identifier] = Array.empty

  override def loadFunction(ident: Identifier): UnboundFunction = throw new NoSuchFunctionException(ident)

  private def option(options: CaseInsensitiveStringMap, key: String): String =
    Option(options.get(key)).filter(_.nonEmpty).getOrElse(
      throw new IllegalArgumentException(s"The setting spark.sql.catalog.$catalog.$key is missing: sessions get it from the workspace."))
}
