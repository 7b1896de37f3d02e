package io.unitycatalog.brickyard

import java.util.Locale

import org.apache.spark.sql.{SparkSession, SparkSessionExtensions}
import org.apache.spark.sql.brickyard.{Names, SparkInternals}
import org.apache.spark.sql.catalyst.analysis.{RelationTimeTravel, UnresolvedIdentifier, UnresolvedRelation, UnresolvedTable}
import org.apache.spark.sql.catalyst.plans.logical._
import org.apache.spark.sql.catalyst.rules.Rule
import org.apache.spark.sql.catalyst.streaming.WriteToStreamStatement
import org.apache.spark.sql.connector.catalog.Identifier
import org.apache.spark.sql.delta.UnresolvedPathBasedDeltaTable
import org.apache.spark.sql.delta.commands.{ConvertToDeltaCommand, DeltaGenerateCommand, DeltaReorgTable, OptimizeTableCommand}
import org.apache.spark.sql.execution.datasources.{InsertIntoHadoopFsRelationCommand, SaveIntoDataSourceCommand}

import io.delta.tables.execution.VacuumTableCommand

/**
 * What `spark.sql.extensions` names, after Delta's: asks the workspace where no catalog is asked by Spark or Delta, and
 * binds the parameters that Delta's parser drops.
 */
final class Access extends (SparkSessionExtensions => Unit) {
  override def apply(extensions: SparkSessionExtensions): Unit = {
    extensions.injectParser((_, parser) => new Parameters(parser))
    extensions.injectHintResolutionRule(session => new AccessRule(session))
  }
}

/**
 * Paths that a user names (`delta.`/path``, `read.load(path)`, `write.save(path)`, `/Volumes/…`), and commands of Delta that
 * change a table without asking its catalog: OPTIMIZE, VACUUM, RESTORE, TRUNCATE, REORG, GENERATE, CLONE, CONVERT, streams.
 *
 * It runs before names are resolved: what Spark and Delta read themselves, below a table's name, is not seen here. A cloud
 * URL becomes the folder that the workspace answers.
 *
 * Gaps: paths of streaming sinks and checkpoints; code in Python workers; files that a wheel opens itself.
 */
final class AccessRule(session: SparkSession) extends Rule[LogicalPlan] {
  import AccessRule._

  override def apply(plan: LogicalPlan): LogicalPlan = plan.resolveOperatorsDown {
    case source: UnresolvedDataSource if source.paths.nonEmpty => source.copy(paths = source.paths.map(reading))
    case source: UnresolvedDataSource if source.options.contains("path") =>
      source.copy(options = source.options + ("path" -> reading(source.options("path"))))
    case relation: UnresolvedRelation => readable(relation)
    case travel @ RelationTimeTravel(relation: UnresolvedRelation, _, _) =>
      readable(relation) match {
        case SubqueryAlias(name, below) => SubqueryAlias(name, travel.copy(relation = below))
        case same => travel.copy(relation = same)
      }
    case table: UnresolvedTable if isPath(table.multipartIdentifier) =>
      table.copy(multipartIdentifier = located(table.multipartIdentifier, Read))
    case identifier: UnresolvedIdentifier if isPath(identifier.nameParts) =>
      identifier.copy(nameParts = located(identifier.nameParts, Write))
    case insert: InsertIntoStatement => insert.copy(table = target(insert.table))
    case delete: DeleteFromTable => delete.copy(table = target(delete.table))
    case update: UpdateTable => update.copy(table = target(update.table))
    case merge: MergeIntoTable => merge.copy(targetTable = target(merge.targetTable))
    case optimize: OptimizeTableCommand => changed(optimize)
    case vacuum: VacuumTableCommand => changed(vacuum)
    case truncate: TruncateTable => changed(truncate)
    case truncate: TruncatePartition => changed(truncate)
    case reorg: DeltaReorgTable => changed(reorg)
    case generate: DeltaGenerateCommand => changed(generate)
    case clone: CloneTableStatement => replaced(clone.target); clone.targetLocation.filterNot(UnityRest.isCloud).foreach(writing); clone
    case convert: ConvertToDeltaCommand => modified(convert.tableIdentifier.nameParts); convert
    case stream: WriteToStreamStatement => appended(stream); stream
    case restore: RestoreTableStatement => modified(restore.table.relation); restore
    case save: SaveIntoDataSourceCommand if save.options.contains("path") =>
      save.copy(options = save.options + ("path" -> writing(save.options("path"))))
    case insert: InsertIntoHadoopFsRelationCommand if insert.catalogTable.isEmpty =>
      writing(insert.outputPath.toString)
      insert
    case insert: InsertIntoDir =>
      insert.storage.locationUri.foreach(place => writing(place.toString))
      insert
  }

  /** A path, or what stands below a view: the latter under its own name, for the columns that the text qualifies. */
  private def readable(relation: UnresolvedRelation): LogicalPlan = {
    val parts = relation.multipartIdentifier
    if (isPath(parts)) relation.copy(multipartIdentifier = located(parts, Read))
    else
      ViewAccess.current.filterNot(ViewAccess.isBelow(_, parts)).flatMap(ViewAccess.below(_, parts)) match {
        case Some(below) => SubqueryAlias(below.drop(2), relation.copy(multipartIdentifier = below))
        case None => relation
      }
  }

  private def target(plan: LogicalPlan): LogicalPlan = plan.transformDown {
    case relation: UnresolvedRelation if isPath(relation.multipartIdentifier) =>
      relation.copy(multipartIdentifier = located(relation.multipartIdentifier, Write))
  }

  private def changed[T <: LogicalPlan](command: T): T = {
    command.children.foreach(modified)
    command
  }

  /** Asks for the right to change what a command of Delta names. */
  private def modified(named: LogicalPlan): Unit = named match {
    case path: UnresolvedPathBasedDeltaTable => writing(path.path)
    case table: UnresolvedTable => modified(table.multipartIdentifier)
    case relation: UnresolvedRelation => modified(relation.multipartIdentifier)
    case _ => ()
  }

  private def modified(parts: Seq[String]): Unit =
    if (isPath(parts)) writing(parts.last) else named(parts).foreach { case (catalog, ident) => catalog.authorizeWrite(ident) }

  /** A clone may replace a table; a new one is asked for when it is created. */
  private def replaced(target: LogicalPlan): Unit = {
    val parts = target match {
      case identifier: UnresolvedIdentifier => identifier.nameParts
      case relation: UnresolvedRelation => relation.multipartIdentifier
      case table: UnresolvedTable => table.multipartIdentifier
      case _ => Seq.empty
    }
    if (isPath(parts) || named(parts).exists { case (catalog, ident) => catalog.tableExists(ident) }) modified(parts)
  }

  /** The table that a stream is written to by name. */
  private def appended(stream: WriteToStreamStatement): Unit = {
    stream.catalogTable.foreach(table => modified(table.identifier.nameParts))
    stream.catalogAndIdent.foreach {
      case (catalog: UnityCatalog, ident) => catalog.authorizeWrite(ident)
      case _ => ()
    }
  }

  private def named(parts: Seq[String]): Option[(UnityCatalog, Identifier)] = Names.find(session, parts).collect {
    case (catalog: UnityCatalog, ident) => (catalog, ident)
  }

  private def located(parts: Seq[String], operation: String): Seq[String] = parts.init :+ allowed(parts.last, operation)

  private def reading(path: String): String = allowed(path, Read)

  private def writing(path: String): String = allowed(path, Write)

  /** The path that stands on this machine for the one that the user named. Errors: the workspace's refusal. */
  private def allowed(path: String, operation: String): String = {
    val answer = rest.post("/temporary-path-credentials", UnityRest.path(path, operation))
    if (UnityRest.isCloud(path)) TableJson.toPath(answer.path("url").asText()).toString else path
  }

  private def rest: UnityRest = {
    def setting(name: String): Option[String] = SparkInternals.setting(session, name)
    val found = for {
      catalog <- setting("spark.sql.defaultCatalog")
      uri <- setting(s"spark.sql.catalog.$catalog.uri")
      token <- setting(s"spark.sql.catalog.$catalog.token")
    } yield new UnityRest(uri.stripSuffix("/"), token)
    found.getOrElse(throw new WorkspaceRefusal(403, "PERMISSION_DENIED",
      "This session acts for no principal that may use a catalog: it can read and write no path."))
  }
}

object AccessRule {
  private val Read = "PATH_READ"
  private val Write = "PATH_READ_WRITE"
  private val Formats = Set("delta", "parquet", "csv", "json", "text", "orc", "avro", "xml", "binaryfile")

  /** `delta.`/some/path``: a format and a path instead of a schema and a name. */
  def isPath(parts: Seq[String]): Boolean =
    parts.length == 2 && Formats(parts.head.toLowerCase(Locale.ROOT)) && parts.last.contains("/")
}
