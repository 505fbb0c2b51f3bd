/**
 * How long work tells its caller how far it came.
 *
 * Knows: counts of finished and expected units. May not know: the terminal.
 */
export interface ProgressEvent {
  /** What is being done, for people: `activation statistics`. */
  readonly phase: string;
  /** Where the phase stands, for people: `epoch 3 of 30, loss 1.234`. It may change with every event; the phase, which rates are measured by, may not. */
  readonly note?: string | undefined;
  readonly done: number;
  readonly total: number;
  /** The unit counted: `images`, `bytes`, `epochs`. */
  readonly unit: string;
}

/** What every long call of the library takes. */
export interface LongCallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}
