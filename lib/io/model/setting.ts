import { Failure } from '../../failure.ts';

/** A base URL from the environment, without trailing slashes. Undefined if it is not set; throws UnknownModel if it is no URL. */
export const baseUrl = (name: string, env: Record<string, string | undefined>): string | undefined => {
  const url = env[name]?.trim().replace(/\/+$/, '');
  if (!url) return undefined;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Failure('UnknownModel', `${name} must be an http or https URL`);
  }
  return url;
};

/** A required key. Throws Unauthorized that names the places to put it. */
export const keyOf = async (name: string, secret: (name: string) => Promise<string | undefined>): Promise<string> => {
  const key = await secret(name);
  if (key) return key;
  throw new Failure(
    'Unauthorized',
    `${name} is not set: set it to the key, or name its SSM parameter in ${name}_PARAMETER or its Secrets Manager secret in ${name}_SECRET`,
  );
};
