/** Line icons of 24 × 24, drawn in the text's colour. */

const PATHS = {
  critical: "M12 3 2.5 20h19L12 3Zm0 6.5v5m0 3v.1",
  warning: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 4.5v5m0 3v.1",
  info: "M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17Zm0 7.5v5m0-8v.1",
  unknown: "M3 3l18 18M9.9 5.2A9.8 9.8 0 0 1 12 5c6 0 9.5 7 9.5 7a17 17 0 0 1-2.6 3.4M6.3 6.7C3.900 8.300 2.500 12 2.500 12S6 19 12 19c1.700 0 3.200-.5 4.500-1.300M9.900 9.900a3 3 0 0 0 4.200 4.200",
  check: "M4.500 12.500 10 18 20 6.500",
  sound: "M4 9.500v5h3.500L12 19V5L7.500 9.500H4Zm11.500-1a5 5 0 0 1 0 7m2.500-10a9 9 0 0 1 0 13",
  mute: "M4 9.500v5h3.500L12 19V5L7.500 9.500H4Zm12 0 5 5m0-5-5 5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8Zm0-5v2m0 14v2M3 12h2m14 0h2M5.600 5.600 7 7m10 10 1.400 1.400M5.600 18.400 7 17M17 7l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 0 1 9.500 4a8.500 8.500 0 1 0 10.500 10.500Z",
  contrast: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17Zm0 0v17m3-16v15m3-12.500v10",
  back: "M14.500 5 8 12l6.500 7",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
