/** Finds names of systems and compilers in conditionals, C++ and TypeScript, where the house does not have them. Pure. */

import ts from 'typescript'
import { compilerFiles, compilerNames, otherSystemNames, systemNames, systemsWithin } from './house.ts'
import { withoutComments } from './tree.ts'

/** The conditions of a C++ file's preprocessor conditionals, continued lines joined. */
export function conditionsOf(text: string): string[] {
  const joined = withoutComments(text).replace(/\\\r?\n/g, ' ')
  const found = joined.matchAll(/^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef)\b([^\n]*)/gm)
  return [...found].map(([, , condition]) => (condition ?? '').trim())
}

/** The folders of a path that are named after a system. */
export function systemFolders(path: string): string[] {
  return path
    .split('/')
    .slice(0, -1)
    .filter((folder) => Object.hasOwn(systemNames, folder))
}

/** The system names that a file may use in a conditional. */
function allowedNames(path: string): string[] {
  const folders = systemFolders(path)
  return folders
    .flatMap((folder) => [folder, ...(systemsWithin[folder] ?? [])])
    .flatMap((each) => systemNames[each] ?? [])
}

const matches = (names: readonly string[], word: string) =>
  names.some((name) => (name.endsWith('*') ? word.startsWith(name.slice(0, -1)) : word === name))

/** What is wrong with the conditionals of one C++ file, by its path from the root. */
export function conditionalViolations(path: string, text: string): string[] {
  const allowed = allowedNames(path)
  const systems = [...Object.values(systemNames).flat(), ...otherSystemNames]
  return conditionsOf(text).flatMap((condition) => {
    const words: string[] = condition.match(/\w+/g) ?? []
    const wrong = words.filter((word) => matches(systems, word) && !matches(allowed, word))
    // Whether a header of the system exists is a question about the system.
    if (words.includes('__has_include') && allowed.length === 0) wrong.push('__has_include')
    if (!compilerFiles.includes(path)) wrong.push(...words.filter((word) => matches(compilerNames, word)))
    return wrong.map((word) => `${path}: ${word} in a conditional`)
  })
}

/**
 * What is wrong with how a .cpp file in a folder of a system opens: before anything else it must refuse other systems,
 * `#if !defined(NAME)`, `#error`, `#endif`, with a name of its own folder.
 */
export function guardViolations(path: string, text: string): string[] {
  const folders = systemFolders(path)
  if (folders.length === 0) return []
  const opening =
    /^\s*#\s*(?:if\s+!\s*defined\s*\(?\s*(\w+)\s*\)?[^\n]*|ifndef\s+(\w+)\s*)\n\s*#\s*error\s+"[^"\n]+"\s*\n\s*#\s*endif\b/
  const found = opening.exec(withoutComments(text))
  const name = found?.[1] ?? found?.[2]
  if (name === undefined) return [`${path}: does not open with #if !defined(...), #error, #endif`]
  return matches(allowedNames(path), name)
    ? []
    : [`${path}: its guard asks for ${name}, which is not of ${folders.join('/')}`]
}

/** Places where a TypeScript file asks which system it runs on: process.platform, process.arch, os.platform() and so on. */
export function platformQuestions(text: string): string[] {
  const found: string[] = []
  const ofProcess = ['platform', 'arch', 'report']
  const ofOs = ['platform', 'arch', 'type', 'machine']
  const osNames = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) && isText(node.moduleSpecifier, /^(?:node:)?(?:os|process)$/)) {
      const module = (node.moduleSpecifier as ts.StringLiteral).text.replace('node:', '')
      const { name, namedBindings } = node.importClause ?? {}
      const whole = [name, namedBindings && ts.isNamespaceImport(namedBindings) ? namedBindings.name : undefined]
      for (const each of whole) if (each && module === 'os') osNames.add(each.text)
      const members = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : []
      for (const { propertyName, name: local } of members) {
        const member = (propertyName ?? local).text
        if ((module === 'os' ? ofOs : ofProcess).includes(member)) found.push(`${module}.${member}`)
      }
    }
    const access = accessOf(node)
    if (access?.owner === 'process' && ofProcess.includes(access.member)) found.push(`process.${access.member}`)
    if (access && osNames.has(access.owner) && ofOs.includes(access.member)) found.push(`os.${access.member}`)
    if (
      ts.isVariableDeclaration(node) &&
      ts.isObjectBindingPattern(node.name) &&
      isIdentifier(node.initializer, 'process')
    ) {
      for (const { propertyName, name } of node.name.elements) {
        const member = (propertyName ?? name).getText()
        if (ofProcess.includes(member)) found.push(`process.${member}`)
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile('file.ts', text, ts.ScriptTarget.Latest, true))
  return found
}

/** `owner.member`, `owner?.member` or `owner['member']`; also with globalThis in front of the owner. */
function accessOf(node: ts.Node): { owner: string; member: string } | null {
  let member: string | undefined
  if (ts.isPropertyAccessExpression(node)) member = node.name.text
  else if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    member = node.argumentExpression.text
  else return null
  const { expression } = node
  if (ts.isIdentifier(expression)) return { owner: expression.text, member }
  const inner = accessOf(expression)
  return inner?.owner === 'globalThis' ? { owner: inner.member, member } : null
}

function isIdentifier(node: ts.Node | undefined, text: string): boolean {
  return node !== undefined && ts.isIdentifier(node) && node.text === text
}

function isText(node: ts.Node, pattern: RegExp): boolean {
  return ts.isStringLiteralLike(node) && pattern.test(node.text)
}
