package io.unitycatalog.brickyard

import java.net.{URI, URISyntaxException}
import java.util.Locale

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.{ArrayNode, ObjectNode}
import org.apache.hadoop.fs.Path
import org.apache.spark.sql.catalyst.TableIdentifier
import org.apache.spark.sql.catalyst.catalog.{CatalogStorageFormat, CatalogTable, CatalogTableType}
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.connector.catalog.constraints.{Constraint, ForeignKey, PrimaryKey}
import org.apache.spark.sql.connector.expressions.{NamedReference, Transform}
import org.apache.spark.sql.types.{DataType, Metadata, StructField, StructType}

import scala.jdk.CollectionConverters._

/** Translates between Spark's tables and the JSON of the Unity Catalog REST API. */
object TableJson {

  /** The table that Spark and Delta work with; its files lie at `location` on this machine. */
  def catalogTable(catalog: String, ident: Identifier, table: JsonNode, location: String): CatalogTable = {
    val managed = table.path("table_type").asText() == "MANAGED"
    CatalogTable(
      identifier = TableIdentifier(ident.name, Some(ident.namespace.head), Some(catalog)),
      tableType = if (managed) CatalogTableType.MANAGED else CatalogTableType.EXTERNAL,
      storage = CatalogStorageFormat.empty.copy(locationUri = Some(toPath(location).toUri)),
      schema = schema(table),
      provider = Some(table.path("data_source_format").asText("DELTA").toLowerCase(Locale.ROOT)),
      partitionColumnNames = partitionColumns(table),
      owner = table.path("owner").asText(""),
      createTime = table.path("created_at").asLong(0),
      properties = properties(table),
      comment = Option(table.path("comment").asText(null)))
  }

  def schema(table: JsonNode): StructType = StructType(columnsOf(table).map { column =>
    val field = StructField(
      column.path("name").asText(),
      DataType.fromDDL(column.path("type_text").asText()),
      column.path("nullable").asBoolean(true),
      Metadata.empty)
    Option(column.path("comment").asText(null)).fold(field)(field.withComment)
  })

  def properties(table: JsonNode): Map[String, String] =
    table.path("properties").properties().asScala.map(entry => entry.getKey -> entry.getValue.asText()).toMap

  /** The columns of a new table, partition columns marked. */
  def columns(schema: StructType, partitions: Array[Transform]): ArrayNode = {
    val partitioned = partitions.toSeq.filter(_.name == "identity").flatMap(_.references.map(dotted(_).toLowerCase(Locale.ROOT)))
    val array = UnityRest.Json.createArrayNode()
    schema.fields.zipWithIndex.foreach { case (field, position) =>
      val column = array
        .addObject()
        .put("name", field.name)
        .put("position", position)
        .put("nullable", field.nullable)
        .put("type_text", field.dataType.catalogString)
        .put("type_name", typeName(field.dataType))
        .put("type_json", field.dataType.json)
      field.getComment().foreach(column.put("comment", _))
      val index = partitioned.indexOf(field.name.toLowerCase(Locale.ROOT))
      if (index >= 0) column.put("partition_index", index)
    }
    array
  }

  /** Primary and foreign keys: informational, as on Databricks. */
  def constraints(catalog: String, declared: Seq[Constraint]): ArrayNode = {
    val array = UnityRest.Json.createArrayNode()
    declared.foreach {
      case key: PrimaryKey =>
        val node = array.addObject().putObject("primary_key_constraint").put("name", key.name)
        key.columns.foreach(column => child(node, "child_columns").add(dotted(column)))
      case key: ForeignKey =>
        val parent = key.referencedTable
        val parentName = (if (parent.namespace.length > 1) parent.namespace.toSeq else catalog +: parent.namespace.toSeq) :+ parent.name
        val node = array.addObject().putObject("foreign_key_constraint").put("name", key.name)
        node.put("parent_table", parentName.mkString("."))
        key.columns.foreach(column => child(node, "child_columns").add(dotted(column)))
        key.referencedColumns.foreach(column => child(node, "parent_columns").add(dotted(column)))
      case other =>
        throw new UnsupportedOperationException(
          s"The constraint '${other.name}' (${other.toDDL}) cannot stand in CREATE TABLE: Delta takes CHECK constraints by " +
            "ALTER TABLE … ADD CONSTRAINT, and Unity Catalog knows PRIMARY KEY and FOREIGN KEY only.")
    }
    array
  }

  /** A location of the REST API as a path of Hadoop, which knows no percent encoding. */
  def toPath(location: String): Path =
    try {
      val uri = new URI(location)
      if (uri.getScheme == "file") new Path("file", null, uri.getPath) else new Path(uri)
    } catch { case _: URISyntaxException => new Path(location) }

  /** A path of Hadoop as a location of the REST API. */
  def toLocation(path: String): String = {
    val uri = new Path(path).toUri
    if (uri.getScheme == null || uri.getScheme == "file") "file://" + new URI(null, null, uri.getPath, null).toASCIIString
    else uri.toASCIIString
  }

  private def columnsOf(table: JsonNode): Seq[JsonNode] =
    table.path("columns").elements().asScala.toSeq.sortBy(_.path("position").asInt(0))

  private def partitionColumns(table: JsonNode): Seq[String] =
    columnsOf(table)
      .filter(_.hasNonNull("partition_index"))
      .sortBy(_.path("partition_index").asInt())
      .map(_.path("name").asText())

  private def child(node: ObjectNode, field: String): ArrayNode =
    if (node.has(field)) node.get(field).asInstanceOf[ArrayNode] else node.putArray(field)

  private def dotted(reference: NamedReference): String = reference.fieldNames.mkString(".")

  /** Unity Catalog's name of a type, e.g. LONG, DECIMAL, ARRAY. */
  private def typeName(dataType: DataType): String =
    dataType.typeName.toUpperCase(Locale.ROOT).replaceAll("[^A-Z_].*", "") match {
      case "INTEGER" => "INT"
      case "" => "STRING"
      case name => name
    }
}
