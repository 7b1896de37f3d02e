package io.unitycatalog.brickyard

import java.util.UUID

import com.fasterxml.jackson.databind.JsonNode
import com.fasterxml.jackson.databind.node.ObjectNode
import org.apache.spark.sql.catalyst.analysis.AnalysisContext
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.internal.SQLConf

import scala.collection.concurrent.TrieMap
import scala.ref.WeakReference

/**
 * What stands below a view is read with the rights of the view's owner; its reader needs SELECT on the view alone.
 *
 * A view that a catalog loads gets a token, as a setting under which Spark analyses its text. Of every table and view in
 * that text, AccessRule makes a name that holds the token, in the catalog that the view came from: nobody else can write
 * such a name, and what Spark remembers under it serves no other name of the query. When it is loaded, the workspace is
 * told which views led there and the definitions that were analysed, and answers for their owners.
 *
 * A token is worth something within the analysis of one query, and there below a view only. All else below a view (paths,
 * table functions) is read with the session's own rights.
 */
object ViewAccess {

  /** The setting that holds the token while a view's text is analysed. */
  val Setting = "spark.brickyard.view"

  /** The views that led to a text, outermost first; `query` is what Spark keeps for the analysis of one query. */
  final class Opened(val views: Seq[ObjectNode], query: AnyRef) {
    private val belongs = new WeakReference(query)
    def isOf(other: AnyRef): Boolean = belongs.get.exists(_ eq other)
    def isOver: Boolean = belongs.get.isEmpty
  }

  private val opened = TrieMap.empty[String, Opened]

  /** The token for the text of a view that was just loaded by this name. */
  def open(ident: Identifier, fullName: String, view: JsonNode): String = {
    opened.filterInPlace((_, each) => !each.isOver)
    val named = UnityRest.Json.createObjectNode().put("full_name", fullName).put("view_definition", view.path("view_definition").asText())
    named.set[ObjectNode]("spark_view", view.path("spark_view"))
    val token = UUID.randomUUID().toString
    opened.put(token, new Opened(of(ident).fold(Seq.empty[ObjectNode])(_.views) :+ named, AnalysisContext.get.relationCache))
    token
  }

  /** The token of the view whose text is being analysed. */
  def current: Option[String] = Option(SQLConf.get.getConfString(Setting, null)).filter(find(_).isDefined)

  /** The name, below the view's own catalog, for what the text of a view names. None for what is no table of a catalog. */
  def below(token: String, parts: Seq[String]): Option[Seq[String]] = {
    val home = AnalysisContext.get.catalogAndNamespace
    val full = parts.length match {
      case 1 => home :+ parts.head
      case 2 => home.head +: parts
      case _ => parts
    }
    if (full.length == 3) Some(Seq(home.head, token) ++ full) else None
  }

  def isBelow(token: String, parts: Seq[String]): Boolean = parts.length == 5 && parts(1) == token

  /** The views above a name that `below` made; None for every other name. */
  def of(ident: Identifier): Option[Opened] =
    if (ident.namespace.length == 3) find(ident.namespace.head) else None

  private def find(token: String): Option[Opened] = {
    val context = AnalysisContext.get
    if (context.nestedViewDepth == 0) None else opened.get(token).filter(_.isOf(context.relationCache))
  }
}
