import type { ErrorCode } from '../errors.ts';

/** One record per issuance, change and refusal. Never a token, never a tag's value. */
export interface AuditEvent {
  readonly action: 'issue' | 'link' | 'merge' | 'unlink' | 'delete';
  /** `STARTED` stands before a change is made, so that no change can go unrecorded. */
  readonly outcome: 'STARTED' | 'OK' | ErrorCode;
  /** Who asked: the developer user identifier, which is the HMAC of the user id when a key is configured. */
  readonly userId: string;
  /** What was issued for or changed. */
  readonly identityIds?: readonly string[] | undefined;
  /** Whose link was changed, by an administrator. */
  readonly affectedUserIds?: readonly string[] | undefined;
  /** Seconds. */
  readonly tokenDuration?: number | undefined;
  readonly tagNames?: readonly string[] | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
}

/** Where audit records go. */
export interface AuditSink {
  /** Resolves when the record is written; rejects with AUDIT_UNAVAILABLE when it cannot be. */
  write(event: AuditEvent): Promise<void>;
}
