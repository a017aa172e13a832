//! Names that no app may have: people would take it for a part of the product, or of what it stands in for.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// What a name may not contain, in whatever letters.
const RESERVED: [&str; 4] = ["latchkey", "microsoft", "azuredevops", "administrator"];

/// Whether a name reads like a reserved one: compared after NFKC, without accents, case, spaces and signs, and with letters of other
/// scripts as the Latin ones that they are taken for. [Unicode TR39 §4]
pub fn is_reserved(name: &str) -> bool {
    // Letters are taken for others as they stand: `М` is an M, and its small form is not needed for that.
    let small: String = name.nfkc().flat_map(char::to_lowercase).collect();
    let read = [as_read(name), as_read(&small)];
    RESERVED.iter().any(|reserved| read.iter().any(|read| read.contains(&as_read(reserved))))
}

/// What a text is read as, so that two of one look are the same.
fn as_read(text: &str) -> String {
    let letters = text.nfkc().nfkd().filter(|c| !is_combining_mark(*c)).map(taken_for);
    let letters: String = letters.filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).map(one_look).collect();
    letters.replace("rn", "m").replace("vv", "w")
}

/// Digits and Latin letters that are hard to tell apart are one.
fn one_look(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | 'i' | 'j' => 'l',
        '3' => 'e',
        '4' => 'a',
        '5' => 's',
        '7' => 't',
        other => other,
    }
}

/// The Latin letter that a character of another script, or a sign, is commonly taken for.
fn taken_for(c: char) -> char {
    match c {
        'а' | 'А' | 'α' | 'Α' | 'ɑ' | 'ᴀ' | 'Ꭺ' | 'Ɑ' | 'ⲁ' | 'Ⲁ' | '@' => 'a',
        'с' | 'С' | 'ϲ' | 'Ϲ' | 'ᴄ' | 'ↄ' | 'Ꮯ' | 'ⲥ' | 'Ⲥ' | 'ƈ' | '¢' => 'c',
        'ԁ' | 'Ԁ' | 'đ' | 'Đ' | 'ɗ' | 'ɖ' | 'ᴅ' | 'Ꭰ' | 'Ꮷ' => 'd',
        'е' | 'Е' | 'ε' | 'Ε' | 'є' | 'Є' | 'ҽ' | 'ə' | 'ɛ' | 'ᴇ' | 'Ꭼ' | 'ⲉ' | '€' | 'ɇ' => 'e',
        'ƒ' | 'ғ' | 'Ғ' | 'Ϝ' | 'ϝ' | 'ꜰ' => 'f',
        'һ' | 'Һ' | 'н' | 'Н' | 'Η' | 'հ' | 'ħ' | 'Ħ' | 'ɦ' | 'ʜ' | 'Ꮋ' | 'Ⲏ' => 'h',
        'і' | 'І' | 'ι' | 'Ι' | 'ı' | 'ɩ' | 'ɪ' | 'ӏ' | 'Ӏ' | 'ꙇ' | 'Ꭵ' | 'ǀ' | '|' | '!' | 'ł' | 'Ł' | 'ʟ' | 'Ꮮ'
        | 'ƚ' | 'ɫ' | 'ⅼ' | 'Ⲓ' => 'l',
        'к' | 'К' | 'κ' | 'Κ' | 'ᴋ' | 'Ꮶ' | 'ƙ' | 'Ⲕ' | 'ⲕ' | 'қ' => 'k',
        'м' | 'М' | 'Μ' | 'ᴍ' | 'Ꮇ' | 'Ⲙ' | 'ɱ' | 'ӎ' => 'm',
        'п' | 'ո' | 'η' | 'Ν' | 'ɴ' | 'Ⲛ' | 'ŋ' | 'ռ' => 'n',
        'о' | 'О' | 'ο' | 'Ο' | 'σ' | 'ө' | 'Ө' | 'օ' | 'Օ' | 'ø' | 'Ø' | 'ᴏ' | 'ⲟ' | 'Ⲟ' | 'ⵔ' | 'ഠ' | '٥' | '०'
        | '॰' => 'o',
        'р' | 'Р' | 'ρ' | 'Ρ' | 'ϱ' | 'ᴘ' | 'Ꮲ' | 'ⲣ' | 'Ⲣ' => 'p',
        'г' | 'ᴦ' | 'ɼ' | 'ʀ' | 'Ꭱ' | 'ꭇ' | 'ɍ' | 'я' | 'Я' => 'r',
        'ѕ' | 'Ѕ' | 'ꜱ' | 'Ꮪ' | 'ƽ' | 'ʂ' | '$' | '§' | 'Տ' => 's',
        'т' | 'Т' | 'τ' | 'Τ' | 'ᴛ' | 'Ꭲ' | 'ŧ' | 'Ŧ' | 'Ⲧ' | 'ƭ' | '+' | '†' => 't',
        'υ' | 'ս' | 'Ս' | 'ʋ' | 'ᴜ' | 'ц' | 'μ' => 'u',
        'ѵ' | 'Ѵ' | 'ν' | 'ᴠ' | 'Ꮩ' | '√' => 'v',
        'у' | 'У' | 'γ' | 'Υ' | 'ү' | 'Ү' | 'ʏ' | 'ყ' | 'Ⲩ' | 'Ꮍ' => 'y',
        'Ζ' | 'ᴢ' | 'Ꮓ' | 'ƶ' | 'Ƶ' | 'ʐ' | 'Ⲍ' => 'z',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserved_name_is_found_in_whatever_letters() {
        for name in [
            "Latchkey",
            "L\u{430}tchkey Support",
            "L-a-t-c-h-k-e-y",
            "Ｌａｔｃｈｋｅｙ",
            "𝓛𝓪𝓽𝓬𝓱𝓴𝓮𝔂",
            "Iatchkey",
            "ⓛⓐⓣⓒⓗⓚⓔⓨ",
            "ʟᴀᴛᴄʜᴋᴇʏ",
            "Láťčĥķéý",
            "MICROSOFT Teams",
            "МІСЯОЅОFТ",
            "rnicrosoft",
            "Micro$0ft",
            "M\u{456}cr\u{43e}s\u{43e}ft",
            "Mı\u{300}crosoft",
            "Ꮇicrosoft",
            "Azure  DevOps",
            "Αᴢure DevΟps",
            "The Adm1nistrator",
        ] {
            assert!(is_reserved(name), "{name} reads like {}", as_read(name));
        }
    }

    #[test]
    fn other_names_are_free() {
        for name in [
            "Burndown",
            "Modern Keys",
            "Latch",
            "Microservice Map",
            "Azure Sky",
            "Admin Board",
            "漢字",
            "Миро",
            "Key & Lock",
        ] {
            assert!(!is_reserved(name), "{name}");
        }
    }
}
