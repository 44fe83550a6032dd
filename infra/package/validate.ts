import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';

/**
 * What AWS's own validator says against a CloudFormation template, one sentence each: errors and warnings alike, and that
 * it could not finish. Works offline. Nothing is excepted; an exception would be named here, with its reason.
 */
export const templateProblems = (file: string): string[] => {
  const engine = new RegoEngine();
  try {
    const { status, diagnostics } = engine.validateStandard(new TemplateFile(file), { severityLevel: 'WARN' });
    const found = diagnostics.map(
      ({ ruleId, entity, propertyPath, message }) =>
        `${ruleId} ${[entity?.logicalId, propertyPath].filter(Boolean).join(' ')}: ${message}`,
    );
    return status === 'OK' ? found : [...found, `the validator did not finish: ${status}`];
  } finally {
    engine.free();
  }
};
