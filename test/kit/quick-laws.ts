import fc from 'fast-check';

// `npm run test:quick` plays each law a fifth as often as `npm test`.
fc.configureGlobal({ numRuns: 20 });
