/** How the simulated network treats frames. */

export type Weather = {
  /** Share of frames, 0..1. */
  readonly loss: number;
  readonly duplication: number;
  /** Drawn anew for each frame, so that they overtake each other. */
  readonly delayMsMin: number;
  readonly delayMsMax: number;
};

export const calm: Weather = { loss: 0, duplication: 0, delayMsMin: 0.1, delayMsMax: 0.3 };
