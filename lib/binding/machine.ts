/**
 * What the folders above know of the machine: its libraries' folders, class and names. They stand on `binding` and not
 * on `platform.ts`, so that what depends on the system has one way up.
 */

export { cacheFlagsOf, libraryFolders, machineName, type Platform, platform } from '../platform.ts'
