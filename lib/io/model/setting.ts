import { Failure } from '../../failure.ts';

/** A base URL without its last slash, or undefined where none is set. Throws UnknownModel for what is not a URL. */
export const baseUrl = (name: string, env: Record<string, string | undefined>): string | undefined => {
  const url = env[name]?.trim().replace(/\/+$/, '');
  if (!url) return undefined;
  if (!/^https?:\/\//i.test(url) || !URL.canParse(url)) {
    throw new Failure('UnknownModel', `${name} must be an http or https URL`);
  }
  return url;
};

/** A key that must be there. Throws Unauthorized saying where it is looked for. */
export const keyOf = async (name: string, secret: (name: string) => Promise<string | undefined>): Promise<string> => {
  const key = await secret(name);
  if (key) return key;
  throw new Failure(
    'Unauthorized',
    `${name} is not set: put the key there, or name its SSM parameter in ${name}_PARAMETER or its Secrets Manager secret in ${name}_SECRET`,
  );
};
