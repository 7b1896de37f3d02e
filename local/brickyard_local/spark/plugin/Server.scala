package io.unitycatalog.brickyard

import java.nio.file.{Files, Paths, StandardCopyOption}

import org.apache.spark.sql.connect.brickyard.ConnectInternals
import org.apache.spark.sql.connect.service.SparkConnectServer

/**
 * The main class of the workspace's Spark server: Spark Connect that tells its port and ends with its parent.
 *
 * Arguments: the file to write the port to. Settings arrive as system properties, the token that clients need in the
 * environment. Standard input is a pipe that the parent holds open; when it closes, by whatever end of the parent, so does this.
 */
object Server {
  private val GraceMs = 5000L

  def main(arguments: Array[String]): Unit = {
    daemon("exit-with-parent") { while (System.in.read() >= 0) {}; leave() }
    daemon("tell-port") { tellPort(arguments(0)) }
    SparkConnectServer.main(Array.empty)
  }

  private def tellPort(file: String): Unit = {
    while (ConnectInternals.port.isEmpty) Thread.sleep(20)
    val unfinished = Paths.get(file + ".new")
    Files.writeString(unfinished, ConnectInternals.port.get.toString)
    Files.move(unfinished, Paths.get(file), StandardCopyOption.ATOMIC_MOVE)
  }

  private def leave(): Unit = {
    daemon("halt") { Thread.sleep(GraceMs); Runtime.getRuntime.halt(1) }
    System.exit(0)
  }

  private def daemon(name: String)(body: => Unit): Unit = {
    val thread = new Thread(() => body, name)
    thread.setDaemon(true)
    thread.start()
  }
}
