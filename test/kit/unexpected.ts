/** Throws a failure that the test does not expect. */
export const unexpected = (failure: Error): never => {
  throw failure;
};
