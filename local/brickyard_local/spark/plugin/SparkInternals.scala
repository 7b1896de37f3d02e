// What Spark keeps to its own packages and this plug-in cannot do without. Look here first when Spark's version moves.

package org.apache.spark.sql.brickyard {

  import org.apache.spark.sql.SparkSession
  import org.apache.spark.sql.catalyst.catalog.CatalogTable
  import org.apache.spark.sql.connector.catalog._
  import org.apache.spark.sql.types.StructType

  object SparkInternals {

    /** The form in which a catalog hands a table to Delta. */
    def asTable(table: CatalogTable): Table = V1Table(table)

    def schema(columns: Array[Column]): StructType = CatalogV2Util.v2ColumnsToStructType(columns)

    /** A setting of the session, from its own state: `session.conf` would be asked of a client's. */
    def setting(session: SparkSession, name: String): Option[String] =
      classic(session).sessionState.conf.getAllConfs.get(name).filter(_.nonEmpty)

    def classic(session: SparkSession): org.apache.spark.sql.classic.SparkSession =
      session.asInstanceOf[org.apache.spark.sql.classic.SparkSession]

    /** Properties that Spark uses itself, e.g. `location`; they are no properties of the user's. */
    def isReserved(property: String): Boolean = CatalogV2Util.TABLE_RESERVED_PROPERTIES.contains(property)
  }

  /** What a name means in a session. */
  object Names {
    def find(session: SparkSession, parts: Seq[String]): Option[(CatalogPlugin, Identifier)] =
      new Names(SparkInternals.classic(session).sessionState.catalogManager).find(parts)
  }

  final class Names(override protected val catalogManager: CatalogManager) extends LookupCatalog {
    def find(parts: Seq[String]): Option[(CatalogPlugin, Identifier)] = parts match {
      case CatalogAndIdentifier(catalog, ident) => Some((catalog, ident))
      case _ => None
    }
  }
}

package org.apache.spark.sql.connect.brickyard {

  import org.apache.spark.sql.connect.service.SparkConnectService

  object ConnectInternals {

    /** The port that clients can connect to, once they can. */
    def port: Option[Int] = if (SparkConnectService.started) Some(SparkConnectService.localPort) else None
  }
}
