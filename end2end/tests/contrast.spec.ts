import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/workbench";

/** WCAG 2.2, success criteria 1.4.3 and 1.4.11, level AA. */
const TEXT = 4.5;
const EDGE = 3;

interface Pair {
  text: string;
  color: string;
  ground: string;
  ratio: number;
}

/** Every visible text of the page, and the edge of everything that can be operated, on its ground. */
async function pairs(page: Page): Promise<{ texts: Pair[]; edges: Pair[] }> {
  return page.evaluate(() => {
    type Rgba = [number, number, number, number];
    const context = document.createElement("canvas").getContext("2d", {
      willReadFrequently: true,
    });
    if (!context) throw new Error("no canvas");

    const parse = (color: string): Rgba => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = color;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      return [r, g, b, a / 255];
    };
    const over = (top: Rgba, below: Rgba): Rgba => {
      const mix = (i: 0 | 1 | 2) => top[i] * top[3] + below[i] * (1 - top[3]);
      return [mix(0), mix(1), mix(2), 1];
    };
    const ground = (element: Element | null): Rgba => {
      if (!element) return [255, 255, 255, 1];
      const own = parse(getComputedStyle(element).backgroundColor);
      return own[3] === 1 ? own : over(own, ground(element.parentElement));
    };
    const luminance = ([r, g, b]: Rgba) => {
      const linear = (channel: number) => {
        const c = channel / 255;
        return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
      };
      return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
    };
    const pair = (text: string, color: string, on: Rgba): Pair => {
      const [high, low] = [luminance(over(parse(color), on)), luminance(on)].sort((a, b) => b - a);
      const ratio = (high + 0.05) / (low + 0.05);
      return { text, color, ground: on.map(Math.round).join(" "), ratio };
    };

    const texts: Pair[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent?.trim() ?? "";
      const element = node.parentElement;
      if (!text || !element || element.closest(".visually-hidden, noscript, script")) continue;
      if (!element.checkVisibility({ visibilityProperty: true })) continue;
      texts.push(pair(text, getComputedStyle(element).color, ground(element)));
    }
    for (const input of document.querySelectorAll("input")) {
      texts.push(pair(input.value, getComputedStyle(input).color, ground(input)));
    }
    const edges = [...document.querySelectorAll("input, .button, .toggle, .segmented, .step")].map(
      (element) =>
        pair(
          `edge of ${element.textContent || element.id}`,
          getComputedStyle(element).borderBlockStartColor,
          ground(element.parentElement),
        ),
    );
    const focus = getComputedStyle(document.documentElement).getPropertyValue("--focus");
    const probe = document.body.appendChild(document.createElement("i"));
    probe.style.color = focus;
    edges.push(pair("the focus ring", getComputedStyle(probe).color, ground(document.body)));
    probe.remove();
    return { texts, edges };
  });
}

for (const colorScheme of ["light", "dark"] as const) {
  test.describe(`in the ${colorScheme} theme`, () => {
    // Without motion no colour is caught on its way to another.
    test.use({ colorScheme, contextOptions: { reducedMotion: "reduce" } });

    test("every text can be read, whatever state the page is in", async ({ workbench }) => {
      const expectContrast = async () => {
        const { texts, edges } = await pairs(workbench.page);
        expect(texts.length).toBeGreaterThan(50);
        expect(texts.filter((pair) => pair.ratio < TEXT)).toEqual([]);
        expect(edges.length).toBeGreaterThan(10);
        expect(edges.filter((pair) => pair.ratio < EDGE)).toEqual([]);
      };
      await expectContrast();

      await workbench.mfe("profile").setName("");
      await workbench.mfe("profile").setEmail("nobody");
      await workbench.toggle("activity", "Fail").click();
      await workbench.toggle("preferences", "Mounted").click();
      await workbench.controls.getByRole("button", { name: "Read-only for MFEs" }).click();
      await workbench.mfe("profile").count("Add 1");
      await expect(workbench.figure("Denied")).toHaveText("1");
      await expectContrast();

      await workbench.edges.break("Full");
      await workbench.clear();
      await expect(workbench.figure("Keys")).toHaveText("0");
      await expectContrast();
    });
  });
}
