import { describe, expect, test } from "vitest";
import { CSV, XLSX, csvText, kindOf } from "./file";

describe("a roster's file", () => {
  test("its kind is told by its name", () => {
    expect(["排班.CSV", "roster.xlsx", "roster.xls", "roster"].map(kindOf)).toEqual([CSV, XLSX, null, null]);
  });

  test("CSV of a Chinese spreadsheet is read as well as UTF-8", () => {
    const gbk = new Uint8Array([0xc8, 0xd5, 0xc6, 0xda, 0x2c, 0xb4, 0xb0, 0xbf, 0xda]);
    expect(csvText(gbk.buffer)).toBe("日期,窗口");
    expect(csvText(new TextEncoder().encode("日期,窗口").buffer as ArrayBuffer)).toBe("日期,窗口");
    expect(csvText(new Uint8Array([0xef, 0xbb, 0xbf, 0x61]).buffer)).toBe("a");
  });
});
