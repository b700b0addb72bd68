import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures/workbench";

/** Something that has the focus. */
interface Stop {
  name: string;
  isFocusVisible: boolean;
}

/** Tabs through the whole page; what was on the way. */
async function stops(page: Page): Promise<Stop[]> {
  const found: Stop[] = [];
  for (;;) {
    await page.keyboard.press("Tab");
    const stop = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body || element.hasAttribute("data-visited")) {
        return null;
      }
      element.setAttribute("data-visited", "");
      const label = element.id && document.querySelector(`label[for="${element.id}"]`);
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      return {
        name:
          element.getAttribute("aria-label") ??
          (label ? label.textContent : element.textContent)?.trim() ??
          "",
        isFocusVisible:
          style.outlineStyle !== "none" &&
          Number.parseFloat(style.outlineWidth) >= 2 &&
          box.width > 1 &&
          box.bottom > 0 &&
          box.top < window.innerHeight,
      };
    });
    if (!stop) return found;
    found.push(stop);
  }
}

test("everything can be reached with Tab, in the order of the page, and shows its focus", async ({
  workbench,
}) => {
  const found = await stops(workbench.page);
  expect(found.filter((stop) => !stop.isFocusVisible)).toEqual([]);
  const names = found.map((stop) => stop.name);
  const profile = ["Name", "E-mail", "Light", "Dark", "Subtract 1", "Counter", "Add 1"];
  const preferences = [
    ...["Light", "Dark", "Morning, 100", "Night, 0", "Name", "E-mail"],
    ...["Subtract 1", "Counter", "Add 1"],
  ];
  const activity = [
    ...["Subtract 100", "Subtract 10", "Add 10", "Add 100"],
    ...["Subtract 1", "Counter", "Add 1", "Light", "Dark", "Name", "E-mail"],
  ];
  const edges = ["Works", "Denied", "Full", "Forgets", "Open a second tab"];
  const controls = ["Reset to initial", "Clear all keys", "Read-only for MFEs"];
  const places = ["Profile", "Preferences", "Activity"].flatMap((title) => [
    `${title}: Mounted`,
    `${title}: Fail`,
  ]);
  expect(names).toEqual([
    "Skip to the micro-frontends",
    "The shop",
    "map",
    "signal",
    ...["Undo", "Redo", "Render counts"],
    ...profile,
    ...preferences,
    ...activity,
    "State changes, to scroll",
    ...edges,
    ...controls,
    ...places,
    "Beginning",
  ]);
});

test("the skip link leads past the header", async ({ workbench }) => {
  const { page } = workbench;
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the micro-frontends" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(workbench.history.undo).toBeFocused();
});

test("everything can be operated without a pointer", async ({ workbench }) => {
  const { page } = workbench;
  const press = async (target: import("@playwright/test").Locator, key: string) => {
    await target.focus();
    await page.keyboard.press(key);
  };

  await press(workbench.engineButton("map"), "Enter");
  await workbench.expectEngine("map");

  const profile = workbench.mfe("profile");
  await profile.name.focus();
  await page.keyboard.press("End");
  await page.keyboard.type(", Countess");
  await workbench.mfe("activity").expectName("Ada Lovelace, Countess");

  await press(profile.themeButton("Dark"), "Space");
  await workbench.mfe("preferences").expectTheme("Dark");

  await press(profile.place.getByRole("button", { name: "Add 1" }), "Enter");
  await workbench.mfe("activity").expectCounter(43);

  await press(workbench.toggle("activity", "Fail"), "Space");
  await expect(workbench.mfe("activity").place.getByRole("alert")).toContainText("failed");
  await press(workbench.notices.getByRole("button", { name: "Dismiss" }), "Enter");
  await expect(workbench.notices).toHaveText("");

  await press(workbench.toggle("preferences", "Mounted"), "Space");
  await expect(workbench.registryRow("preferences")).toHaveCount(0);
  await press(page.getByRole("button", { name: "Mount Preferences" }), "Enter");
  await expect(workbench.registryRow("preferences")).toHaveCount(1);

  await press(workbench.controls.getByRole("button", { name: "Clear all keys" }), "Enter");
  await expect(workbench.figure("Keys")).toHaveText("0");
});
