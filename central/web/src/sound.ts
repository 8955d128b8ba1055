/** A short, quiet tone for a new alert. Off until somebody turns it on: browsers demand that, and so do colleagues. */

import { signal } from "@preact/signals";
import type { Severity } from "./api";
import { recall, store } from "./remember";

export const soundOn = signal(recall("sound") === "on");
let context: AudioContext | null = null;

export function toggleSound(): void {
  soundOn.value = !soundOn.value;
  store("sound", soundOn.value ? "on" : "off");
  if (soundOn.value) ring("info");
}

export function ring(severity: Severity): void {
  if (!soundOn.value) return;
  context ??= new AudioContext();
  const start = context.currentTime;
  const beeps = severity === "critical" ? 3 : 1;
  for (let i = 0; i < beeps; i++) {
    const tone = context.createOscillator();
    const volume = context.createGain();
    tone.frequency.value = severity === "info" ? 520 : 780;
    volume.gain.setValueAtTime(0.12, start + i * 0.25);
    volume.gain.exponentialRampToValueAtTime(0.001, start + i * 0.25 + 0.2);
    tone.connect(volume).connect(context.destination);
    tone.start(start + i * 0.25);
    tone.stop(start + i * 0.25 + 0.2);
  }
}
