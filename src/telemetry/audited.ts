import { ServiceError } from '../errors.ts';
import type { RequestScope } from '../lib/requestScope.ts';
import type { AuditEvent, AuditSink } from './audit.ts';

export type AuditSubject = Omit<AuditEvent, 'outcome' | 'requestId' | 'clientAddress'>;

/** Records a refusal, then lets it go on: it stands whether or not it could be written down; readiness tells of a broken sink. */
async function recordRefusal(write: (outcome: AuditEvent['outcome']) => Promise<void>, error: unknown) {
  await write(error instanceof ServiceError ? error.code : 'INTERNAL_SERVER_ERROR').catch(() => undefined);
}

const writer =
  (audit: AuditSink, subject: AuditSubject, { requestId, clientAddress }: RequestScope) =>
  (outcome: AuditEvent['outcome'], identityIds = subject.identityIds) =>
    audit.write({ ...subject, identityIds, outcome, requestId, clientAddress });

/**
 * Issues something, and hands it out only once its record is written: with a broken sink nothing leaves (AUDIT_UNAVAILABLE).
 */
export async function auditedIssue<T extends { readonly identityId: string }>(
  audit: AuditSink,
  subject: AuditSubject,
  scope: RequestScope,
  issue: () => Promise<T>,
): Promise<T> {
  const write = writer(audit, subject, scope);
  let issued: T;
  try {
    issued = await issue();
  } catch (error) {
    await recordRefusal(write, error);
    throw error;
  }
  await write('OK', [issued.identityId]);
  return issued;
}

/**
 * Changes something. What cannot be taken back is announced before it is done: with a broken sink nothing is changed
 * (AUDIT_UNAVAILABLE), and a sink that breaks in between does not turn a change that was made into an error.
 */
export async function auditedChange<T>(
  audit: AuditSink,
  subject: AuditSubject,
  scope: RequestScope,
  work: { readonly permit: () => void | Promise<void>; readonly change: () => Promise<T> },
): Promise<T> {
  const write = writer(audit, subject, scope);
  try {
    await work.permit();
    await write('STARTED');
    const result = await work.change();
    await write('OK').catch(() => undefined);
    return result;
  } catch (error) {
    await recordRefusal(write, error);
    throw error;
  }
}
