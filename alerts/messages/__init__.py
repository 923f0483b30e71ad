"""What an alert says, in every form, by templates.

`saying` makes values of an alert, `forms` makes them harmless for a form, `templates` puts them
into words, `writing` does it once for all who get the same.
"""

from alerts.messages.templates import Templates
from alerts.messages.writing import MAX_SHORT, MailBody, Messages

__all__ = ["MAX_SHORT", "MailBody", "Messages", "Templates"]
