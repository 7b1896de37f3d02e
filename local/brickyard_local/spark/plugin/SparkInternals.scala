// What Spark keeps to its own packages and this plug-in cannot do without. Look here first when Spark's version moves.

package org.apache.spark.sql.brickyard {

  import org.apache.spark.sql.catalyst.catalog.CatalogTable
  import org.apache.spark.sql.connector.catalog.{CatalogV2Util, Column, Table, V1Table}
  import org.apache.spark.sql.types.StructType

  object SparkInternals {

    /** The form in which a catalog hands a table to Delta. */
    def asTable(table: CatalogTable): Table = V1Table(table)

    def schema(columns: Array[Column]): StructType = CatalogV2Util.v2ColumnsToStructType(columns)

    /** Properties that Spark uses itself, e.g. `location`; they are no properties of the user's. */
    def isReserved(property: String): Boolean = CatalogV2Util.TABLE_RESERVED_PROPERTIES.contains(property)
  }
}

package org.apache.spark.sql.connect.brickyard {

  import org.apache.spark.sql.connect.service.SparkConnectService

  object ConnectInternals {

    /** The port that clients can connect to, once they can. */
    def port: Option[Int] = if (SparkConnectService.started) Some(SparkConnectService.localPort) else None
  }
}
