// Completes package-lock.json after an `npm install` from a registry that does not hold every platform's binaries: npm leaves
// such an optional dependency out of the lock, and `npm ci` then refuses the lock everywhere. The entry made here is skipped
// where its platform is another, and is installed by name and version where it is not.
// `node .ci/complete-lock.mjs` writes; with --check it only says what is missing, and exits with 1.
import { readFileSync, writeFileSync } from 'node:fs';

const platform =
  /(android|darwin|freebsd|linux|win32|openharmony)-(arm64|x64|arm|ppc64|riscv64|s390x|ia32)(?:-(musl|gnu|\w+))?/;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const { packages } = lock;
const isThere = (name) => Object.keys(packages).some((path) => path === name || path.endsWith(`/${name}`));

const missing = Object.values(packages)
  .flatMap(({ optionalDependencies = {} }) => Object.entries(optionalDependencies))
  .filter(([name]) => !isThere(`node_modules/${name}`))
  .map(([name, version]) => {
    const [, os, cpu, libc = ''] = platform.exec(name) ?? [];
    if (!os) throw new Error(`package-lock.json: ${name} is missing, and its name tells no platform`);
    const musl = libc.startsWith('musl') ? { libc: ['musl'] } : {};
    return [`node_modules/${name}`, { version, cpu: [cpu], dev: true, optional: true, ...musl, os: [os] }];
  });

if (missing.length === 0) {
  console.log('package-lock.json has every platform.');
} else if (process.argv.includes('--check')) {
  console.error(`package-lock.json lacks ${missing.map(([name]) => name).join(', ')}. Run: node .ci/complete-lock.mjs`);
  process.exitCode = 1;
} else {
  const sorted = Object.entries({ ...packages, ...Object.fromEntries(missing) }).sort(([a], [b]) => (a < b ? -1 : 1));
  writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
  console.log(`package-lock.json: added ${missing.length} entries.`);
}
