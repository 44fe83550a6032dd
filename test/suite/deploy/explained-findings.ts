/** What checkov finds in the template and is meant so: the check, and why. One that is found no more turns the suite red, like one that is new. */
export const explained: Record<string, string> = {
  CKV_AWS_18: 'The bucket is the deployment tool’s own: it holds packages, and only who deploys reads it.',
  CKV_AWS_21: 'A package is named by its instant and never replaced; the deployment tool removes old ones.',
  CKV_AWS_26:
    'CloudWatch cannot publish to a topic under the key that AWS keeps for SNS, and a key of one’s own costs a dollar a month. An alarm names a job and a number.',
  CKV_AWS_27: 'The queue is encrypted by SQS itself (SqsManagedSseEnabled), which this check does not know.',
  CKV_AWS_115:
    'Reserved concurrency is a parameter: a new account has 10 in all and can reserve none, so a fixed number would fail its deployment.',
  CKV_AWS_116:
    'What invokes asynchronously has the queue as its destination for failures. Step Functions invokes the others and keeps their failures.',
  CKV_AWS_117: 'The functions reach model servers and pages of the internet, and no resource in a VPC.',
  CKV_AWS_119: 'The table is encrypted by a key that AWS keeps. SECURITY.md says who can read it.',
  CKV_AWS_158:
    'Log groups are encrypted by CloudWatch. Lines hold names, numbers and failures: no prompt, reply, argument or tool output.',
  CKV_AWS_173: 'Environment variables hold names of places, never a secret, and are encrypted by a key that AWS keeps.',
};
