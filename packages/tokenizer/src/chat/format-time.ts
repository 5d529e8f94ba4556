const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

/** `datetime.strftime` in the C locale, for the directives that templates use. Others stay as they are. */
export function formatTime(time: Date, format: string): string {
  return format.replace(/%(-?)([A-Za-z%])/g, (written: string, plain: string, directive: string) => {
    const text = directive === '%' ? '%' : partOf(time, directive);
    if (text === undefined) return written;
    return plain === '' ? text : text.replace(/^[0 ]+(?=.)/, '');
  });
}

function partOf(time: Date, directive: string): string | undefined {
  const digits = (value: number, width = 2): string => String(value).padStart(width, '0');
  const day = time.getDay();
  const hour = time.getHours();
  switch (directive) {
    case 'Y': return digits(time.getFullYear(), 4);
    case 'y': return digits(time.getFullYear() % 100);
    case 'm': return digits(time.getMonth() + 1);
    case 'd': return digits(time.getDate());
    case 'e': return String(time.getDate()).padStart(2, ' ');
    case 'B': return MONTHS[time.getMonth()];
    case 'b': case 'h': return MONTHS[time.getMonth()]!.slice(0, 3);
    case 'A': return DAYS[day];
    case 'a': return DAYS[day]!.slice(0, 3);
    case 'w': return String(day);
    case 'H': return digits(hour);
    case 'I': return digits(hour % 12 || 12);
    case 'M': return digits(time.getMinutes());
    case 'S': return digits(time.getSeconds());
    case 'p': return hour < 12 ? 'AM' : 'PM';
    case 'j': return digits(Math.round((Date.UTC(time.getFullYear(), time.getMonth(), time.getDate()) - Date.UTC(time.getFullYear(), 0, 0)) / 86_400_000), 3);
    case 'F': return `${partOf(time, 'Y')}-${partOf(time, 'm')}-${partOf(time, 'd')}`;
    case 'T': return `${partOf(time, 'H')}:${partOf(time, 'M')}:${partOf(time, 'S')}`;
    case 'D': return `${partOf(time, 'm')}/${partOf(time, 'd')}/${partOf(time, 'y')}`;
    default: return undefined;
  }
}
