/** The scripts of package.json that run this command. */
const scripts = ['nightshift', 'dev', 'start'];

/**
 * The options that npm kept for itself: without `--` before them, `npm run nightshift runs --json` sets npm_config_json and
 * passes only `runs`. `names` are the long names of all options, without dashes.
 */
export const swallowedOptions = (names: string[], argv: string[], env: NodeJS.ProcessEnv): string[] => {
  if (!scripts.includes(env.npm_lifecycle_event ?? '')) return [];
  const isGiven = (name: string) => argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`));
  const isKept = (name: string) => !['', 'false', undefined].includes(env[`npm_config_${name.replaceAll('-', '_')}`]);
  return [...new Set(names)].filter((name) => isKept(name) && !isGiven(name)).map((name) => `--${name}`);
};
