/** An error, or a notice, as PostgreSQL reports it. */

/** The fields of a report, by their letters (chapter 55.8 of PostgreSQL's manual). */
type Fields = Readonly<Record<string, string>>;

export class DatabaseError extends Error {
  override readonly name: string = 'DatabaseError';
  /** ERROR, FATAL, or of a notice NOTICE, WARNING, INFO. */
  readonly severity: string;
  /** The SQLSTATE. */
  readonly code: string;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  /** Where in the query, in characters from 1. */
  readonly position: number | undefined;
  /** What was being done when it happened. */
  readonly where: string | undefined;

  constructor(fields: Fields, readonly query: string) {
    super(fields['M'] ?? '');
    this.severity = fields['S'] ?? 'ERROR';
    this.code = fields['C'] ?? 'XX000';
    this.detail = fields['D'];
    this.hint = fields['H'];
    this.position = fields['P'] === undefined ? undefined : Number(fields['P']);
    this.where = fields['W'];
  }
}
