import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';

/**
 * The errors and warnings of AWS's own validator for a CloudFormation template, one sentence each.
 * It works offline. A validation that did not finish is a problem too.
 */
export const templateProblems = (file: string): string[] => {
  const engine = new RegoEngine();
  try {
    const { status, diagnostics } = engine.validateStandard(new TemplateFile(file), { severityLevel: 'WARN' });
    const problems = diagnostics.map(
      ({ ruleId, entity, propertyPath, message }) =>
        `${ruleId} ${[entity?.logicalId, propertyPath].filter(Boolean).join(' ')}: ${message}`,
    );
    return status === 'OK' ? problems : [...problems, `the validator did not finish: ${status}`];
  } finally {
    engine.free();
  }
};
