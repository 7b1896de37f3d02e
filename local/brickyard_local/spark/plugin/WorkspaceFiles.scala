package io.unitycatalog.brickyard

import java.io.{File, FileNotFoundException, IOException}
import java.net.URI
import java.nio.file.{FileAlreadyExistsException, Files, NoSuchFileException}
import java.nio.file.attribute.PosixFilePermissions

import org.apache.hadoop.conf.Configuration
import org.apache.hadoop.fs.{DelegateToFileSystem, FileStatus, LocalFileSystem, Options, Path, RawLocalFileSystem}
import org.apache.hadoop.fs.permission.FsPermission

/**
 * The local file system with Databricks' `/Volumes`: `/Volumes/c/s/v/x` stands for `<root>/Volumes/c/s/v/x`.
 *
 * The root comes from the Hadoop setting `brickyard.files.root`. Statuses carry the path that was asked for, so nothing above
 * sees the folder behind. Unlike Hadoop's own class this one starts no `chmod` or `ls` per file, and lets no rename that must
 * not overwrite do so: Delta's commits exclude each other across processes.
 *
 * Gaps: the privileges READ VOLUME and WRITE VOLUME are not asked here, but by AccessRule of the paths that a plan names.
 */
final class RawWorkspaceFiles extends RawLocalFileSystem {
  private var root: Option[File] = None

  override def initialize(uri: URI, conf: Configuration): Unit = {
    super.initialize(uri, conf)
    root = Option(conf.get(WorkspaceFiles.RootSetting)).map(new File(_))
  }

  override def pathToFile(path: Path): File = {
    val file = super.pathToFile(path).toPath.normalize.toFile
    if (isVolumes(file.getPath)) root.map(folder => new File(folder, file.getPath)).getOrElse(file) else file
  }

  private def isVolumes(path: String): Boolean = path == "/Volumes" || path.startsWith("/Volumes/")

  override def getFileStatus(path: Path): FileStatus = {
    val file = pathToFile(path)
    if (!file.exists())
      throw new FileNotFoundException(s"File $path does not exist")
    new FileStatus(file.length(), file.isDirectory, 1, getDefaultBlockSize(path), file.lastModified(), makeQualified(path))
  }

  override def getFileLinkStatus(path: Path): FileStatus = getFileStatus(path)

  override def listStatus(path: Path): Array[FileStatus] = {
    val file = pathToFile(path)
    if (!file.exists()) throw new FileNotFoundException(s"File $path does not exist")
    if (!file.isDirectory) return Array(getFileStatus(path))
    val names = Option(file.list()).getOrElse(throw new IOException(s"Folder $path cannot be listed: is it readable?"))
    names.flatMap { name =>
      try Some(getFileStatus(new Path(path, new Path(null, null, name))))
      catch { case _: FileNotFoundException => None } // another process deleted it since
    }
  }

  override def setPermission(path: Path, permission: FsPermission): Unit =
    try Files.setPosixFilePermissions(
      pathToFile(path).toPath,
      PosixFilePermissions.fromString(permission.getUserAction.SYMBOL + permission.getGroupAction.SYMBOL + permission.getOtherAction.SYMBOL))
    catch { case _: UnsupportedOperationException => () } // a file system without POSIX permissions

  override protected def rename(source: Path, target: Path, options: Options.Rename*): Unit =
    if (options.contains(Options.Rename.OVERWRITE) || pathToFile(source).isDirectory) super.rename(source, target, options: _*)
    else link(source, target)

  /** Rename a file to a name that must be free, as one step: a hard link fails where a rename would replace. */
  private def link(source: Path, target: Path): Unit = {
    val from = pathToFile(source).toPath
    try {
      Files.createLink(pathToFile(target).toPath, from)
      Files.delete(from)
    } catch {
      case _: FileAlreadyExistsException =>
        throw new org.apache.hadoop.fs.FileAlreadyExistsException(s"rename destination $target already exists.")
      case error: NoSuchFileException => throw new FileNotFoundException(s"rename source $source not found: $error")
      case _: UnsupportedOperationException => super.rename(source, target, Options.Rename.NONE)
    }
  }
}

/** What `spark.hadoop.fs.file.impl` names. */
final class WorkspaceFiles extends LocalFileSystem(new RawWorkspaceFiles) {
  override def initialize(uri: URI, conf: Configuration): Unit = {
    super.initialize(uri, conf)
    setWriteChecksum(false) // Databricks leaves no `.crc` files beside data, and Delta's commits stay whole without
    setVerifyChecksum(false)
  }
}

object WorkspaceFiles {
  val RootSetting = "brickyard.files.root"
}

/** What `spark.hadoop.fs.AbstractFileSystem.file.impl` names: streams write their checkpoints through it. */
final class WorkspaceFilesContext(uri: URI, conf: Configuration)
    extends DelegateToFileSystem(uri, new RawWorkspaceFiles, conf, "file", false)
