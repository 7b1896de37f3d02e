package io.unitycatalog.brickyard

import org.apache.spark.sql.catalyst.expressions.Expression
import org.apache.spark.sql.catalyst.parser._
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan
import org.apache.spark.sql.catalyst.{FunctionIdentifier, TableIdentifier}
import org.apache.spark.sql.internal.{SQLConf, VariableSubstitution}
import org.apache.spark.sql.types.{DataType, StructType}

/**
 * The parser on top of Delta's: binds the parameters of `spark.sql(text, args)`, then hands the text on.
 *
 * Since Spark 4.1 parameters are given to the parser, by a method with a default that drops them; Delta 4.4 inherits the
 * default, so that no statement had any. Values are written as literals by Spark's own substitution, never by ours.
 *
 * Gaps: statements of Delta's own grammar (OPTIMIZE, VACUUM, RESTORE, DESCRIBE HISTORY) take no parameters, since Spark's
 * substitution cannot read them; an error of the parser shows the text with its values bound.
 * Source: SparkSqlParser.parseInternal of Spark 4.2
 */
final class Parameters(next: ParserInterface) extends ParserInterface {

  override def parsePlanWithParameters(text: String, parameters: ParameterContext): LogicalPlan =
    if (isEmpty(parameters) || SQLConf.get.legacyParameterSubstitutionConstantsOnly) next.parsePlan(text)
    else
      bound(text, parameters) match {
        case Some(statement) => withoutVariables(next.parsePlan(statement))
        case None => next.parsePlan(text) // Delta's, or one that nobody can read and Spark says why
      }

  private def bound(text: String, parameters: ParameterContext): Option[String] =
    try Some(ParameterHandler.substituteParameters(new VariableSubstitution().substitute(text), parameters)._1)
    catch { case _: ParseException => None }

  /** A `${…}` in a value is text: the variables of the statement itself were substituted before. */
  private def withoutVariables[T](parse: => T): T = {
    val conf = SQLConf.get.clone()
    conf.setConf(SQLConf.VARIABLE_SUBSTITUTE_ENABLED, false)
    SQLConf.withExistingConf(conf)(parse)
  }

  private def isEmpty(parameters: ParameterContext): Boolean = parameters match {
    case NamedParameterContext(values) => values.isEmpty
    case PositionalParameterContext(values) => values.isEmpty
    case HybridParameterContext(values, _) => values.isEmpty
  }

  override def parsePlan(text: String): LogicalPlan = next.parsePlan(text)
  override def parseQuery(text: String): LogicalPlan = next.parseQuery(text)
  override def parseExpression(text: String): Expression = next.parseExpression(text)
  override def parseTableIdentifier(text: String): TableIdentifier = next.parseTableIdentifier(text)
  override def parseFunctionIdentifier(text: String): FunctionIdentifier = next.parseFunctionIdentifier(text)
  override def parseMultipartIdentifier(text: String): Seq[String] = next.parseMultipartIdentifier(text)
  override def parseTableSchema(text: String): StructType = next.parseTableSchema(text)
  override def parseDataType(text: String): DataType = next.parseDataType(text)
  override def parseRoutineParam(text: String): StructType = next.parseRoutineParam(text)
}
