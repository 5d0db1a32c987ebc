/** The only source of chance that is not about secrets, handed in so that tests can set it: 0 inclusive to 1 exclusive. */
export type Random = () => number;

export const systemRandom: Random = () => Math.random();
