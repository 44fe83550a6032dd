// Gives serverless.yml access to stack.ts: osls loads only CommonJS, and Node 24 can require a TypeScript module.
module.exports = require('./stack.ts');
