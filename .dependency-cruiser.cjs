// The import rules. Each line reads "room: the rooms that it may import besides itself".
const hall = 'lib';
const libRooms = {
  [hall]: [],
  schedule: [hall],
  job: [hall, 'schedule'],
  run: [hall, 'schedule', 'job'],
  connection: [hall, 'job'],
  policy: [hall, 'schedule', 'job', 'run'],
  agent: [hall, 'job', 'run', 'connection'],
  lifecycle: [hall, 'schedule', 'job', 'run', 'policy'],
  watch: [hall, 'schedule', 'job', 'run', 'policy', 'lifecycle'],
  report: [hall, 'schedule', 'job', 'run', 'policy', 'connection', 'agent', 'lifecycle', 'watch'],
  tools: [hall, 'run', 'agent'],
};
const infraRooms = {
  stack: ['lib'],
  package: ['lib', 'stack'],
  local: ['lib', 'stack', 'package'],
  'cli/contract': ['lib'],
  'cli/print': ['lib'],
  'cli/client': ['lib', 'local'],
  'cli/dev': ['lib', 'local', 'cli/client', 'cli/contract', 'cli/print'],
  'cli/command': ['lib', 'local', 'cli/client', 'cli/contract', 'cli/dev', 'cli/print'],
  cli: ['lib', 'local', 'cli/client', 'cli/command', 'cli/contract', 'cli/dev', 'cli/print'],
  docs: ['lib', 'stack', 'package', 'cli', 'cli/contract', 'cli/print'],
};

const forbidden = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const path = (value, pathNot) => (pathNot ? { path: value, pathNot } : { path: value });
const own = '^(functions|lib|infra|test)/';

/** A room of lib as a pattern. The hall is the files of lib itself. */
const libRoom = (room) => (room === hall ? '^lib/[^/]+$' : `^lib/${room}/`);
/** A room of infra as a pattern. A room with inner rooms means only its own files. */
const infraRoom = (room) => {
  if (room === 'lib') return '^lib/';
  return Object.keys(infraRooms).some((other) => other.startsWith(`${room}/`))
    ? `^infra/${room}/[^/]+$`
    : `^infra/${room}/`;
};

const libRules = Object.entries(libRooms).map(([room, uses]) =>
  forbidden(
    `room-${room}`,
    `${libRoom(room)} may import ${uses.join(', ') || 'nothing but itself'}.`,
    path(libRoom(room)),
    path(own, [room, ...uses].map(libRoom)),
  ),
);
const infraRules = Object.entries(infraRooms).map(([room, uses]) =>
  forbidden(
    `room-${room.replace('/', '-')}`,
    `infra/${room} may import ${uses.join(', ')}.`,
    path(infraRoom(room)),
    path(own, [room, ...uses].map(infraRoom)),
  ),
);

module.exports = {
  forbidden: [
    forbidden(
      'no-circular',
      'Two files must not import each other. Merge them, or move what they share.',
      {},
      { circular: true },
    ),
    forbidden('not-resolvable', 'The imported file does not exist.', {}, { couldNotResolve: true }),
    forbidden(
      'room-is-declared',
      'A new room needs a line in the lists above.',
      path('^(lib|infra)/[^/]+/', [
        '^lib/io/',
        ...Object.keys(libRooms).map(libRoom),
        ...Object.keys(infraRooms).map(infraRoom),
      ]),
      path('.'),
    ),
    ...libRules,
    ...infraRules,
    forbidden(
      'lib-without-network',
      'Only lib/io may use files, the network and SDKs.',
      path('^lib/', '^lib/io/'),
      path([
        '^node_modules/(@aws-sdk|@ai-sdk|ai|@middy|@aws-lambda-powertools)/',
        '^(node:)?(fs|net|http|https|tls|dns|child_process)(/|$)',
      ]),
    ),
    forbidden(
      'room-io',
      'An adapter may import the ports of lib, but not functions, infra or tests. It loads tools by name.',
      path('^lib/io/'),
      path('^(functions|infra|test)/'),
    ),
    forbidden(
      'functions-wire',
      'A function imports only lib and packages: it parses its event, wires ports and calls one word of lib.',
      path('^functions/'),
      path('^(functions|infra|test|lib/tools)/'),
    ),
    forbidden(
      'functions-apart',
      'Functions are invoked, never imported.',
      path('.', '^functions/'),
      path('^functions/'),
    ),
    forbidden('tests-stay-out', 'Nothing imports a test.', path('.', '^test/'), path('^test/')),
  ],
  options: {
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'types'] },
    exclude: { path: '^[.]build/' },
  },
};
