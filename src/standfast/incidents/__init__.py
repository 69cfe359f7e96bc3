"""What do we do now, and what did we learn?"""
