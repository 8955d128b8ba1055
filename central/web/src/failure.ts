/** Why a request was not answered. Shared with the installers' page (calibration/web). */

/** What the server said instead of an answer (RFC 9457), or that it could not be reached. */
export class ApiError extends Error {
  constructor(
    /** The word after `/problems#`; `unreachable` where there was no answer. */
    readonly kind: string,
    readonly status: number,
    readonly retryAfterS: number | null,
    /** What the server says can be done, in English: for forms that show the reason itself. */
    readonly detail: string | null = null,
    /** All that the server said, for pages that show more of it than words. */
    readonly said: unknown = null,
  ) {
    super(kind);
  }
}
