// Generates src/api/schema.ts from the server's description of itself. With --write the file is replaced; without it the
// committed file is compared, so that a change of the API cannot pass unseen by the interface.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import openapiTS, { astToString } from 'openapi-typescript'

const source = new URL(process.env.OPENAPI_JSON ?? '../../openapi.json', import.meta.url)
const target = fileURLToPath(new URL('../src/api/schema.ts', import.meta.url))
const head = '// Generated from openapi.json by `npm run generate`; do not edit.\n\n'

if (!existsSync(source)) {
  console.error(`schema: ${fileURLToPath(source)} is not there, nothing to compare with`)
  process.exit(process.argv.includes('--write') ? 1 : 0)
}
const fresh = head + astToString(await openapiTS(source, { emptyObjectsUnknown: true }))
if (process.argv.includes('--write')) {
  writeFileSync(target, fresh)
} else if (readFileSync(target, 'utf8') !== fresh) {
  console.error('schema: src/api/schema.ts is stale; run `npm run generate`')
  process.exit(1)
}
