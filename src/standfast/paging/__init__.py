"""Who is called, and who next if they do not answer?"""
