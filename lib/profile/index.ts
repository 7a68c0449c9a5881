/** Profiles: raw samples to stacks with names and intervals. */

export { keepPerfMaps } from './kept-maps.ts'
export { buildProfile, type ProfileInputs } from './profile.ts'
