export { type Choice, type Choices, choices } from './choices.ts';
export { createEmulator, type Emulator } from './emulator.ts';
export type { EmulatorClock } from './emulatorClock.ts';
export type { Fault, Faults } from './faults.ts';
export type { EmulatorOptions } from './options.ts';
export type { OpenIdProviderSettings } from './publicLogins.ts';
export type { LoggedRequest, RequestLog } from './requestLog.ts';
export { publishedRates, type Throttles } from './throttles.ts';
