// What serverless.yml takes from TypeScript: osls reads only CommonJS, and Node 24 can require a TypeScript module.
module.exports = require('./stack.ts');
