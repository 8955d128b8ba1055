/** What survives a reload of this tab and nothing else: geometry and where one was. Never a picture. */

export function kept<T>(name: string): T | null {
  try {
    return JSON.parse(sessionStorage.getItem(`chuangming.calibrate.${name}`) ?? "null") as T | null;
  } catch {
    return null;
  }
}

export function keep(name: string, value: unknown): void {
  try {
    if (value === null) sessionStorage.removeItem(`chuangming.calibrate.${name}`);
    else sessionStorage.setItem(`chuangming.calibrate.${name}`, JSON.stringify(value));
  } catch {
    /* a browser without storage forgets with the reload */
  }
}
