package io.unitycatalog.brickyard

import java.io.IOException
import java.net.{URI, URLEncoder}
import java.net.http.{HttpClient, HttpRequest, HttpResponse}
import java.nio.charset.StandardCharsets.UTF_8
import java.time.Duration

import com.fasterxml.jackson.databind.{JsonNode, ObjectMapper}
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.AnalysisException

import scala.jdk.CollectionConverters._

/** A refusal of the workspace, shown to the user of Spark as the workspace worded it. */
final class WorkspaceRefusal(val status: Int, val code: String, text: String)
    extends AnalysisException(WorkspaceRefusal.message(status, code, text))

object WorkspaceRefusal {
  /** The condition that Databricks prints for the same refusal, where it has one. */
  def message(status: Int, code: String, text: String): String = status match {
    case 401 => s"[UNAUTHENTICATED] $text"
    case 403 => s"[INSUFFICIENT_PERMISSIONS] Insufficient privileges: $text SQLSTATE: 42501"
    case _ => s"[$code] $text"
  }
}

/**
 * The workspace's Unity Catalog REST API as this plug-in uses it, for one catalog and one principal (its token).
 *
 * All paths stand under /api/2.1/unity-catalog; every call carries `Authorization: Bearer <token>`. What the
 * workspace must serve, in the field names of databricks-sdk's `catalog` service:
 *
 *   GET    /schemas?catalog_name&page_token         -> {schemas: [{name}], next_page_token?}
 *   GET    /schemas/{catalog.schema}                -> {name, comment?, owner?, properties?}; 404 when absent
 *   POST   /schemas {catalog_name, name, comment?}  -> the schema; 409 when it exists
 *   PATCH  /schemas/{catalog.schema} {comment}
 *   DELETE /schemas/{catalog.schema}?force=BOOL     -> 404 when absent; 400 INVALID_STATE (or 409) when not empty
 *   GET    /tables?catalog_name&schema_name&page_token
 *                                                   -> {tables: [{name, table_type}], next_page_token?}
 *   GET    /tables/{catalog.schema.table}           -> the table (below), with `table_id`; 404 when absent
 *   POST   /staging-tables {catalog_name, schema_name, name} -> {staging_location}: where a managed table is to be
 *          written; needs the privileges of CREATE TABLE; nothing is a table yet
 *   POST   /tables {catalog_name, schema_name, name, table_type: MANAGED | EXTERNAL | VIEW, data_source_format?,
 *          storage_location?, columns, comment?, properties, table_constraints?, view_definition?, spark_view?}
 *          -> the table; 409 when it exists, 404 when the schema does not; a MANAGED `storage_location` is the
 *          `staging_location` of before; an EXTERNAL one was chosen by the user (LOCATION)
 *   DELETE /tables/{catalog.schema.table}           -> 404 when absent; deletes the data of a MANAGED table
 *   PATCH  /tables/{catalog.schema.table} {new_name} -> the table under its new name
 *   POST   /temporary-table-credentials {table_id, operation: READ | READ_WRITE} -> {url?}: the folder of the table on this
 *          machine, when it is not its storage_location. READ needs SELECT, READ_WRITE needs SELECT and MODIFY. It stands
 *          before every read and every write of a table, so it is where a principal without the privilege is refused (403
 *          PERMISSION_DENIED).
 *   POST   /temporary-path-credentials {url, operation: PATH_READ | PATH_READ_WRITE | PATH_CREATE_TABLE} -> {url}: the folder
 *          on this machine; the same for paths that a user names, a cloud URL or a path of the file system
 *
 * And one of its own: POST /api/local/spark/view-access {views: [{full_name, view_definition, spark_view}], table}
 *          -> {table, url?}: the table or view, with the folder of the first, when the principal may read the first view,
 *          each view's owner the next, the last one's owner the table, and the definitions are those that are in force.
 *
 * A column is {name, position, nullable, type_text, type_name, type_json, comment?, partition_index?}.
 * A constraint is {primary_key_constraint: {name, child_columns}} or
 * {foreign_key_constraint: {name, child_columns, parent_table, parent_columns}}.
 * Locations are URIs ("file:///a%20b"). `spark_view` is an extension: an object that the workspace keeps and returns
 * as it came; it holds the settings under which a view's text was parsed.
 *
 * Delta's log, not this API, is the truth about the columns, comment and properties of a Delta table: an ALTER TABLE, a
 * mergeSchema or an overwriteSchema changes the log only. The workspace reads them from the log when it answers.
 *
 * Errors are {error_code, message} with a status of 400 or more.
 */
final class UnityRest(host: String, token: String) {
  import UnityRest._

  def get(path: String): JsonNode = call("GET", path, None)

  /** POST /api/local/spark/view-access: see ViewAccess. None when there is no such table. */
  def viewAccess(body: ObjectNode): Option[JsonNode] =
    try Some(send("POST", "/api/local/spark/view-access", Some(body)))
    catch { case refusal: WorkspaceRefusal if refusal.status == 404 => None }

  /** The object at `path`, or None when there is none. */
  def find(path: String): Option[JsonNode] =
    try Some(get(path))
    catch { case refusal: WorkspaceRefusal if refusal.status == 404 => None }

  def post(path: String, body: ObjectNode): JsonNode = call("POST", path, Some(body))

  def patch(path: String, body: ObjectNode): JsonNode = call("PATCH", path, Some(body))

  def delete(path: String): Unit = call("DELETE", path, None)

  /** Every element of `field` over all pages of a list. */
  def list(path: String, field: String): Seq[JsonNode] = {
    val page = get(path)
    val elements = page.path(field).elements().asScala.toSeq
    val next = page.path("next_page_token").asText("")
    if (next.isEmpty) elements else elements ++ list(withPageToken(path, next), field)
  }

  private def call(method: String, path: String, body: Option[ObjectNode]): JsonNode =
    send(method, s"/api/2.1/unity-catalog$path", body)

  private def send(method: String, path: String, body: Option[ObjectNode]): JsonNode = {
    val publisher = body match {
      case Some(json) => HttpRequest.BodyPublishers.ofString(Json.writeValueAsString(json))
      case None => HttpRequest.BodyPublishers.noBody()
    }
    val request = HttpRequest
      .newBuilder(URI.create(s"$host$path"))
      .timeout(RequestTimeout)
      .header("Content-Type", "application/json")
      .header("Authorization", s"Bearer $token")
      .method(method, publisher)
      .build()
    answer(send(request))
  }

  private def send(request: HttpRequest): HttpResponse[String] =
    try Client.send(request, HttpResponse.BodyHandlers.ofString())
    catch {
      case error: IOException =>
        throw new WorkspaceRefusal(
          503,
          "TEMPORARILY_UNAVAILABLE",
          s"The workspace at $host did not answer ($error). Is it running? Ask `brickyard status`.")
    }

  private def answer(response: HttpResponse[String]): JsonNode = {
    val text = response.body()
    val json = try Json.readTree(if (text.isEmpty) "{}" else text) catch { case _: IOException => Json.createObjectNode() }
    if (response.statusCode() >= 300) {
      val code = json.path("error_code").asText(s"HTTP_${response.statusCode()}")
      throw new WorkspaceRefusal(response.statusCode(), code, json.path("message").asText(text.take(500)))
    }
    json
  }
}

object UnityRest {
  val Json = new ObjectMapper()
  private val RequestTimeout = Duration.ofSeconds(60)
  private val Client =
    HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofSeconds(10)).build()

  private val Cloud = Set("s3", "s3a", "abfss", "gs", "r2")

  def isCloud(path: String): Boolean = Cloud(path.takeWhile(_ != ':').toLowerCase(java.util.Locale.ROOT))

  /** The body of POST /temporary-path-credentials. */
  def path(url: String, operation: String): ObjectNode = Json.createObjectNode().put("url", url).put("operation", operation)

  def encode(text: String): String = URLEncoder.encode(text, UTF_8).replace("+", "%20")

  private def withPageToken(path: String, token: String): String = {
    val first = path.replaceFirst("&page_token=.*$", "")
    s"$first&page_token=${encode(token)}"
  }
}
