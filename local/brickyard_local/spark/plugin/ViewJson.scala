package io.unitycatalog.brickyard

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.connector.catalog.{TableCatalog, View}

import scala.jdk.CollectionConverters._

/** Translates between Spark's views and the JSON of the Unity Catalog REST API. */
object ViewJson {

  /** The body of POST /tables that makes `view`; `naming` says where. */
  def body(naming: ObjectNode, view: View): ObjectNode = {
    naming.put("table_type", "VIEW")
    naming.setAll[ObjectNode](changes(view))
  }

  /** The body of PATCH /tables that makes an existing view this one. */
  def changes(view: View): ObjectNode = {
    val json = UnityRest.Json
    val body = json.createObjectNode().put("view_definition", view.queryText)
    Option(view.properties.get(TableCatalog.PROP_COMMENT)).foreach(body.put("comment", _))
    body.set[ObjectNode]("columns", TableJson.columns(view.schema, Array.empty))
    body.set[ObjectNode]("properties", json.valueToTree[JsonNode](view.properties))
    val settings = body.putObject("spark_view").put("catalog", view.currentCatalog).put("schema_mode", view.schemaMode)
    settings.set[ObjectNode]("namespace", json.valueToTree[JsonNode](view.currentNamespace))
    settings.set[ObjectNode]("configs", json.valueToTree[JsonNode]((view.sqlConfigs.asScala - ViewAccess.Setting).asJava))
    settings.set[ObjectNode]("query_columns", json.valueToTree[JsonNode](view.queryColumnNames))
    body
  }

  /** The view that a table object of type VIEW describes, with more settings; one made outside of Spark gets plain ones. */
  def view(table: JsonNode, more: Map[String, String]): View = {
    val settings = table.path("spark_view")
    val builder = new View.Builder()
    builder.withSchema(TableJson.schema(table))
    builder.withProperties(TableJson.properties(table).asJava)
    builder
      .withQueryText(table.path("view_definition").asText())
      .withSqlConfigs(settings.path("configs").properties().asScala.map(e => e.getKey -> e.getValue.asText()).toMap.++(more).asJava)
      .withCurrentCatalog(settings.path("catalog").asText(table.path("catalog_name").asText()))
      .withCurrentNamespace(texts(settings.path("namespace")))
      .withQueryColumnNames(texts(settings.path("query_columns")))
    Option(settings.path("schema_mode").asText(null)).foreach(builder.withSchemaMode)
    builder.build()
  }

  private def texts(array: JsonNode): Array[String] = array.elements().asScala.map(_.asText()).toArray
}
