/** Told of what a test does not expect. */
export const unexpected = (failure: Error): never => {
  throw failure;
};
