/** Who is calling, as plain data. Below the authenticator nothing sees a header, a cookie or a token. */
export interface Principal {
  /** The user id of the team's own login: 1 to 1024 UTF-16 code units, well-formed, no control characters, byte for byte. */
  readonly userId: string;
  /** Whether the configured scope is present. */
  readonly administrator: boolean;
  /** Claims that become AWS session tags, after the mapping of `PRINCIPAL_TAGS`. Keys 1–128, values 1–256 characters. */
  readonly principalTags: Readonly<Record<string, string>>;
}
