import * as z from 'zod';

/** A metric in CloudWatch's embedded format: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html */
const Emf = z
  .looseObject({
    _aws: z.strictObject({
      Timestamp: z.int(),
      CloudWatchMetrics: z
        .array(
          z.strictObject({
            Namespace: z.literal('Nightshift'),
            Dimensions: z.array(z.array(z.string()).min(1).max(30)).min(1),
            Metrics: z
              .array(z.strictObject({ Name: z.string(), Unit: z.string() }))
              .min(1)
              .max(100),
          }),
        )
        .length(1),
    }),
  })
  .superRefine((line, { addIssue }) => {
    for (const { Dimensions, Metrics } of line._aws.CloudWatchMetrics) {
      for (const name of Dimensions.flat())
        if (typeof line[name] !== 'string') addIssue({ code: 'custom', message: `no dimension ${name}` });
      for (const { Name } of Metrics)
        if (typeof line[Name] !== 'number') addIssue({ code: 'custom', message: `no value of ${Name}` });
    }
  });

/** A log line of ours: whose it is, and in which invocation. */
const Log = z.looseObject({
  level: z.enum(['INFO', 'WARN', 'ERROR']),
  message: z.string(),
  timestamp: z.iso.datetime(),
  service: z.literal('nightshift-test'),
  function_name: z.string(),
  function_request_id: z.uuid(),
});
export type Log = z.infer<typeof Log>;

/** What Lambda's own runtime prints of a thrown error, in its text format. */
const runtimeLine = /^[\d-]+T[\d:.]+Z\t[\da-f-]{36}\tERROR\tInvoke Error \t\{.*\}$/;

/** Sorts what a function has printed. Throws for a line that is no log line of ours, no valid metric and not the runtime's own. */
export const logLines = (printed: string[]) => {
  const thrown = printed.filter((line) => runtimeLine.test(line));
  const own = printed.filter((line) => !runtimeLine.test(line)).map((line): unknown => JSON.parse(line));
  const isMetric = (line: unknown) => '_aws' in Object(line);
  return {
    logs: own.filter((line) => !isMetric(line)).map((line) => Log.parse(line)),
    metrics: own.filter(isMetric).map((line) => Emf.parse(line)),
    thrown,
  };
};
