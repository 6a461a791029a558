import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '..');

/** Which package may depend on which: the floor plan of ARCHITECTURE.md. */
const floorPlan: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  media: [],
  core: ['protocol'],
  api: ['protocol'],
  platform: ['protocol', 'media', 'core', 'api'],
  device: ['protocol', 'media', 'core'],
  web: ['api', 'media'],
  conformance: ['protocol', 'core', 'api'],
  cli: ['core', 'api', 'media', 'platform', 'device', 'conformance'],
};

/** Folders of the platform that each are one functional entity of the Recommendation: none knows another. */
const services = [
  'access',
  'scheduling',
  'device-management',
  'media-broadcasting',
  'video-service',
  'homes',
  'user-api',
  'notifications',
  'uploads',
  'pictures',
  'audit',
  'cluster',
  'firmware',
  'device-logs',
  'shares',
  'wake',
  'talk',
];

const MAX_LINES = 600;

/** `engines` of the root's package.json. */
const OLDEST_NODE_MAJOR = 20;

/** Folders that hold the other side of a test. */
const testSupport = /[.-]test\.ts$|\/(testing|fixtures|stub-platform)\//;

/** Tables, where length is not depth. */
const tables = new Set(['packages/protocol/src/status.ts']);

function sources(pattern: string): readonly string[] {
  return globSync(pattern, { cwd: root, exclude: (path) => /(^|\/)(node_modules|dist|build)($|\/)/.test(path) }).sort();
}

function importsOf(file: string): readonly string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map((match) => match[1] ?? '');
}

test('every package depends only on packages below it in the floor plan', () => {
  for (const file of sources('packages/*/package.json')) {
    const name = file.split(sep)[1] ?? '';
    const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Record<string, Record<string, string> | undefined>;
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies })
      .filter((dependency) => dependency.startsWith('@cardea/'))
      .map((dependency) => dependency.slice('@cardea/'.length));
    const allowed = floorPlan[name];
    assert.ok(allowed, `package ${name} is not in the floor plan`);
    assert.deepEqual(
      declared.filter((dependency) => !allowed.includes(dependency)),
      [],
      `package ${name}`,
    );
  }
});

test('what npm may leave out is left out by no Node that the root allows', () => {
  // npm skips an optional package whose engines refuse the Node it runs on, without a word; the first commands run on the machine's own.
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { optional?: boolean; engines?: { node?: string } }>;
  };
  const refusing = Object.entries(packages).flatMap(([name, { optional, engines }]) => {
    const majors = [...(engines?.node ?? '0').matchAll(/(?:^|[\s>=^~|])(\d+)(?=[.\sx]|$)/g)].map(([, major]) => Number(major));
    return optional === true && Math.min(...majors) > OLDEST_NODE_MAJOR ? [name] : [];
  });
  assert.deepEqual(refusing, []);
});

test('protocol and media know no runtime: nothing of Node, no timers', () => {
  for (const file of sources('packages/{protocol,media}/src/**/*.ts').filter((name) => !name.endsWith('.test.ts'))) {
    assert.deepEqual(
      importsOf(file).filter((name) => name.startsWith('node:')),
      [],
      file,
    );
    assert.doesNotMatch(readFileSync(join(root, file), 'utf8'), /\b(setTimeout|setInterval|Date\.now|Math\.random)\(/, file);
  }
});

test('the services of the platform do not import each other', () => {
  const base = 'packages/platform/src';
  for (const service of services) {
    for (const file of sources(`${base}/${service}/**/*.ts`)) {
      const foreign = importsOf(file)
        .filter((name) => name.startsWith('.'))
        .map((name) => relative(join(root, base), resolve(root, dirname(file), name)).split(sep)[0] ?? '')
        .filter((folder) => folder !== service && services.includes(folder));
      assert.deepEqual(foreign, [], file);
    }
  }
});

test('only the authorizer makes proofs', () => {
  const makers = sources('packages/platform/src/**/*.ts').filter((file) => /\bproofSeal\b/.test(readFileSync(join(root, file), 'utf8')));
  assert.deepEqual(makers, ['packages/platform/src/authorization/authorizer.ts', 'packages/platform/src/authorization/proof.ts']);
});

test('time and chance come through the clock and the random port', () => {
  const adapters = new Set(['packages/core/src/clock.ts', 'packages/core/src/random.ts']);
  for (const file of sources('packages/{core,platform,device}/src/**/*.ts')) {
    if (testSupport.test(file) || adapters.has(file)) continue;
    // The idle time of a socket is the network's.
    assert.doesNotMatch(readFileSync(join(root, file), 'utf8'), /(?<!\bsocket\.)\b(setTimeout|setInterval|Date\.now|Math\.random)\(/, file);
  }
});

test('no source file is longer than six hundred lines', () => {
  for (const file of sources('{packages,test,scripts}/**/*.{ts,tsx}')) {
    if (tables.has(file)) continue;
    const lines = readFileSync(join(root, file), 'utf8').split('\n').length;
    assert.ok(lines <= MAX_LINES, `${file} has ${lines} lines`);
  }
});

test('every test that SECURITY.md names as a proof is there', () => {
  const text = readFileSync(join(root, 'SECURITY.md'), 'utf8');
  const named = [...text.matchAll(/`([\w./-]+\.(?:test|long-test|spec)\.ts)`/g)].map(([, path = '']) =>
    /^(test|packages)\//.test(path) ? path : `packages/platform/src/${path}`,
  );
  assert.ok(named.length > 20);
  const present = new Set(sources('{packages,test}/**/*.ts'));
  assert.deepEqual(
    named.filter((path) => !present.has(path)),
    [],
  );
});
