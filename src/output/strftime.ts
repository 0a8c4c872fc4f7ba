// strftime(3) in the local time zone and the C locale, with %f (microseconds), %k (nanoseconds), %l (milliseconds).

const days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const months = [
  "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
];

function two(value: number, fill = "0"): string {
  return String(value).padStart(2, fill);
}

function dayOfYear(date: Date): number {
  const start = Date.UTC(date.getFullYear(), 0, 1);
  return Math.round((Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) - start) / 86_400_000);
}

/** Week of the year when weeks begin on `first` (0 Sunday, 1 Monday). */
function week(date: Date, first: 0 | 1): number {
  return Math.floor((dayOfYear(date) + 7 - ((date.getDay() - first + 7) % 7)) / 7);
}

/** ISO 8601 year and week. */
function isoWeek(date: Date): { readonly year: number; readonly week: number } {
  const day = new Date(Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()));
  const weekday = (day.getUTCDay() + 6) % 7;
  day.setUTCDate(day.getUTCDate() - weekday + 3);
  const firstThursday = new Date(Date.UTC(day.getUTCFullYear(), 0, 4));
  const number = 1 + Math.round(((day.getTime() - firstThursday.getTime()) / 86_400_000 - 3 + ((firstThursday.getUTCDay() + 6) % 7)) / 7);
  return { year: day.getUTCFullYear(), week: number };
}

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const all = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(all / 60))}${two(all % 60)}`;
}

function zoneName(date: Date): string {
  const part = new Intl.DateTimeFormat("en-US", { timeZoneName: "short" }).formatToParts(date).find((p) => p.type === "timeZoneName");
  return part?.value ?? "";
}

/** Formats a moment given in nanoseconds since the epoch. */
export function formatTime(format: string, nanoseconds: bigint): string {
  const date = new Date(Number(nanoseconds / 1_000_000n));
  const fraction = ((nanoseconds % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return format.replace(/%([a-zA-Z%])/g, (whole, letter: string) => field(letter, date, fraction) ?? whole);
}

function field(letter: string, date: Date, fraction: bigint): string | undefined {
  const hour12 = date.getHours() % 12 === 0 ? 12 : date.getHours() % 12;
  const expand = (format: string) => format.replace(/%([a-zA-Z%])/g, (whole, inner: string) => field(inner, date, fraction) ?? whole);
  switch (letter) {
    case "%": return "%";
    case "n": return "\n";
    case "t": return "\t";
    case "a": return (days[date.getDay()] ?? "").slice(0, 3);
    case "A": return days[date.getDay()];
    case "b":
    case "h": return (months[date.getMonth()] ?? "").slice(0, 3);
    case "B": return months[date.getMonth()];
    case "c": return expand("%a %b %e %H:%M:%S %Y");
    case "C": return two(Math.floor(date.getFullYear() / 100));
    case "d": return two(date.getDate());
    case "D":
    case "x": return expand("%m/%d/%y");
    case "e": return two(date.getDate(), " ");
    case "f": return String(fraction / 1000n).padStart(6, "0");
    case "F": return expand("%Y-%m-%d");
    case "g": return two(isoWeek(date).year % 100);
    case "G": return String(isoWeek(date).year);
    case "H": return two(date.getHours());
    case "I": return two(hour12);
    case "j": return String(dayOfYear(date) + 1).padStart(3, "0");
    case "k": return String(fraction).padStart(9, "0");
    case "l": return String(fraction / 1_000_000n).padStart(3, "0");
    case "m": return two(date.getMonth() + 1);
    case "M": return two(date.getMinutes());
    case "p": return date.getHours() < 12 ? "AM" : "PM";
    case "P": return date.getHours() < 12 ? "am" : "pm";
    case "r": return expand("%I:%M:%S %p");
    case "R": return expand("%H:%M");
    case "s": return String(Math.floor(date.getTime() / 1000));
    case "S": return two(date.getSeconds());
    case "T":
    case "X": return expand("%H:%M:%S");
    case "u": return String(date.getDay() === 0 ? 7 : date.getDay());
    case "U": return two(week(date, 0));
    case "V": return two(isoWeek(date).week);
    case "w": return String(date.getDay());
    case "W": return two(week(date, 1));
    case "y": return two(date.getFullYear() % 100);
    case "Y": return String(date.getFullYear());
    case "z": return zone(date);
    case "Z": return zoneName(date);
    default: return undefined;
  }
}
