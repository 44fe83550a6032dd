import { Failure } from '../../failure.ts';

/**
 * The names of errors by which AWS, or its SDK, refuses the caller's credentials: missing, expired, wrong or not permitted.
 * Sources: "Common Error Types" of each API reference (older query APIs omit `Exception`), and the SDK's own clock-skew list.
 */
const refusedCredentials = [
  'AccessDenied',
  'AccessDeniedException',
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'NotAuthorized',
  'OptInRequired',
  'RequestExpired',
  'RequestInTheFuture',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
  'TokenProviderError',
  'UnrecognizedClientException',
];

/** Whether AWS refused the credentials of a request. The same credentials will be refused again. */
export const isRefusedCredential = (thrown: unknown): thrown is Error =>
  thrown instanceof Error && refusedCredentials.includes(thrown.name);

/** Sends a request to AWS. Throws Unauthorized if AWS refuses the credentials; any other error passes unchanged. */
export const authorized = async <T>(resource: string, request: Promise<T>): Promise<T> => {
  try {
    return await request;
  } catch (cause) {
    if (isRefusedCredential(cause)) throw new Failure('Unauthorized', `${resource}: ${cause.name}`, { cause });
    throw cause;
  }
};
